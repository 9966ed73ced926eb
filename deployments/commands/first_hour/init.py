"""`liaison init`: ask, write the policy, save the connections, say what is to be pasted where, look until all is well.

It may be run again at any time: a policy or a connection that is there stays, and that is said, unless somebody says
that it shall be replaced.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings
from prefect.settings.legacy import Setting

from blocks.connect import read_block
from deployments.commands.check import PartHealth, Surroundings, check
from deployments.commands.first_hour.answers import SetupAnswers
from deployments.commands.first_hour.interview import FirstSetup, Interview
from deployments.commands.first_hour.keys import askable
from deployments.commands.first_hour.looks import Look, look_at
from deployments.commands.first_hour.vendors import Prepared
from deployments.commands.up import running
from deployments.machine.home import liaison_home
from deployments.machine.prefect_login import FILE as LOGIN
from deployments.machine.stack import Stack, StackOptions
from deployments.machine.whereabouts import Whereabouts, is_supervised, whereabouts
from incidents.errors import LiaisonError, NotFound
from incidents.policy.file import load_policy

POLICY = "policy"
"""The word for the policy in `--replace`; connections are named as they are."""
SETTLES_WITHIN = 90.0
"""Seconds in which what was just started comes to be well."""
_LOOK_EVERY = 3.0
# Started a moment ago: a worker has to be heard of, by the gateway as well.
_SETTLING = frozenset({"store", "Prefect server", "worker", "gateway"})


@dataclass(frozen=True, kw_only=True)
class InitOptions:
    """`replaced` names what may be replaced: "policy", or connections. `stays`: leave it running at the end, without
    asking."""

    stack: StackOptions
    answers: SetupAnswers
    now: datetime
    replaced: Collection[str] = ()
    stays: bool = False
    look: Look = look_at


async def init(options: InitOptions) -> bool:
    """Whether all was well at the end. Raises `LiaisonError` with the cure; what was written until then stays."""
    _stop_cleanly_on_sigterm()
    made = await _FirstHour(options).go()
    if made:
        options.answers.forget()
    return made


class _FirstHour:
    def __init__(self, options: InitOptions) -> None:
        self._options = options
        self._answers = options.answers
        self._say = options.stack.say
        self._home = options.stack.home.expanduser().resolve()
        self._policy = options.stack.policy.resolve()
        self._pasted: list[tuple[str, str]] = []
        self._met: Whereabouts | None = None
        self._is_saved = False
        self._interview = Interview(
            answers=options.answers,
            look=options.look,
            say=self._say,
            gateway_url=self._gateway_url(),
            prefect_ui=self._prefect_ui(),
            beside=self._policy.parent,
            now=options.now,
        )

    async def go(self) -> bool:
        self._meet()
        if self._keeps_policy():
            load_policy(self._policy)
            self._answers.require_askable(askable)
            return await self._set_up(None)
        setup = await self._interview.hold()
        self._meet()
        if self._met is not None:
            # What runs goes by the policy that is there, until all that the new one names is saved.
            return await self._set_up(setup)
        before = self._written(setup.policy)
        try:
            return await self._set_up(setup)
        finally:
            if not self._is_saved:
                self._take_back(before)

    async def _set_up(self, setup: FirstSetup | None) -> bool:
        self._say("")
        async with self._running(setup) as found:
            self._tell_what_to_paste()
            is_well = await self._until_well(found)
            await self._stay(is_well)
        return is_well

    # The policy

    def _keeps_policy(self) -> bool:
        if not self._policy.exists():
            return False
        if POLICY in self._options.replaced:
            return False
        terminal = self._answers.terminal
        if terminal is not None and not terminal.agrees(f"{self._policy} is there. Keep it", default=True):
            return False
        self._say(f"kept: {self._policy} (say --replace policy for another one)")
        return True

    def _written(self, policy: str) -> Path | None:
        """Where the policy before is now, if there was one."""
        before: Path | None = None
        self._policy.parent.mkdir(parents=True, exist_ok=True)
        draft = self._policy.with_name(f".{self._policy.name}.new")
        draft.write_text(policy, encoding="utf-8")
        if self._policy.exists():
            before = self._policy.with_name(f"{self._policy.name}.{self._options.now:%Y%m%d-%H%M%S}")
            shutil.copy2(self._policy, before)
            self._say(f"the policy before is now {before}")
        # What goes by it sees the one or the other, never none.
        draft.replace(self._policy)
        self._say(f"written: {self._policy}")
        return before

    def _take_back(self, before: Path | None) -> None:
        """A policy without its connections would be kept next time, and nobody would ask for them."""
        if before is None:
            self._policy.unlink(missing_ok=True)
        else:
            before.replace(self._policy)
        self._say(
            "Nothing was set up: the policy is as it was before, and the connections were not all saved. Say"
            " `liaison init` again; your answers are remembered, but for the secrets"
        )

    # What is needed to save connections, and to look

    def _meet(self) -> None:
        """See what runs here already. Raises `LiaisonError` where that cannot be asked yet: before anything is asked or
        written."""
        self._met = whereabouts(self._home)
        if self._met is None and is_supervised(self._home):
            raise LiaisonError(
                f"Liaison runs on {self._home}, but cannot be asked yet where: wait until `liaison up` says that it is "
                "up, then say `liaison init` again. Nothing was written"
            )

    @asynccontextmanager
    async def _running(self, setup: FirstSetup | None) -> AsyncIterator[Whereabouts]:
        """What runs here already, or all of it, started."""
        found = self._met
        if found is not None:
            self._say(f"Liaison runs here already: {found.gateway_url}")
            if Path(found.policy) != self._policy:
                self._say(
                    f"IT GOES BY {found.policy}: stop it, and start it with `liaison up --policy {self._policy}`"
                )
            with temporary_settings(dict(_access(found, self._home))):
                await self._save(setup)
                if setup is not None:
                    self._written(setup.policy)
                yield found
            return
        self._say("starting what Liaison needs (half a minute at first)")

        async def save(stack: Stack) -> None:
            with temporary_settings(stack.prefect_access):
                await self._save(setup)

        async with running(self._options.stack, before_gateway=save) as stack:
            found = Whereabouts(
                prefect_api_url=stack.prefect_api_url, gateway_url=stack.gateway_url, policy=str(self._policy)
            )
            with temporary_settings(stack.prefect_access):
                yield found

    def _gateway_url(self) -> str:
        found = whereabouts(self._home)
        return f"http://127.0.0.1:{self._options.stack.gateway_port}" if found is None else found.gateway_url

    def _prefect_ui(self) -> str:
        found = whereabouts(self._home)
        if found is None:
            return f"http://127.0.0.1:{self._options.stack.api_port}"
        return found.prefect_api_url.removesuffix("/api")

    # The connections

    async def _save(self, setup: FirstSetup | None) -> None:
        if setup is not None:
            for prepared in setup.connections:
                await self._save_one(prepared)
            self._is_saved = True
            return
        for name in sorted(load_policy(self._policy).connections()):
            if await _is_saved(name) and name not in self._options.replaced:
                self._say(f"kept: {name} (say --replace {name} for another one)")
                continue
            asked = await self._interview.connection(name, "")
            if asked is None:
                vendor = name.partition("/")[0]
                self._say(
                    f"missing: {name}; save it in the Prefect UI (Blocks), as connectors/{vendor}/README.md tells"
                )
            else:
                await self._save_one(asked)

    async def _save_one(self, prepared: Prepared) -> None:
        name = prepared.name
        if await _is_saved(name) and name not in self._options.replaced:
            terminal = self._answers.terminal
            if terminal is None or not terminal.agrees(f"{name} is saved already. Replace it", default=False):
                self._say(f"kept: {name} as it was (say --replace {name} for another one)")
                return
        await prepared.block.save(name.partition("/")[2], overwrite=True)
        self._say(f"saved: {name}")
        if prepared.paste:
            self._pasted.append((name, prepared.paste))

    def _tell_what_to_paste(self) -> None:
        if not self._pasted:
            return
        self._say("")
        self._say("TO DO AT YOUR VENDORS (what is secret here is shown this once)")
        for name, text in self._pasted:
            self._say(f"{name}:")
            for line in text.splitlines():
                self._say(f"    {line}")

    # The look

    async def _until_well(self, found: Whereabouts) -> bool:
        self._say("")
        self._say("looking at all of it (`liaison check`)")
        until = asyncio.get_running_loop().time() + SETTLES_WITHIN
        while True:
            findings = await self._look(found)
            is_well = all(one.is_well for one in findings)
            settles = any(_is_settling(one) for one in findings)
            if settles and asyncio.get_running_loop().time() < until:
                await asyncio.sleep(_LOOK_EVERY)
                continue
            for one in findings:
                self._say(f"{'✔' if one.is_well else '✘'} {one.said}")
            terminal = self._answers.terminal
            if is_well or terminal is None or not terminal.agrees("Mend it, then look again", default=True):
                return is_well

    async def _look(self, found: Whereabouts) -> Sequence[PartHealth]:
        return await check(Surroundings(home=self._home, policy=self._policy, gateway_url=found.gateway_url))

    async def _stay(self, is_well: bool) -> None:
        self._say("")
        if not is_well:
            self._say("Not all is well yet; each line above with ✘ has the cure. Then: liaison check")
        else:
            self._say("All is well. What comes next: docs/first-hour.md, Your first incident.")
            self._say("Each connection can be tried while it runs: liaison try NAME")
        if self._met is not None:
            return
        terminal, stays = self._answers.terminal, self._options.stays
        if not stays and terminal is not None:
            stays = terminal.agrees("Leave it running here", default=True)
        if stays:
            self._say("Liaison is up. Ctrl-C stops it.")
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
        self._say(f"stopping; start it again with: liaison up{self._which()}")

    def _which(self) -> str:
        """What names this installation on the command line, where it is not the usual one."""
        home = "" if self._home == liaison_home() else f" --home {self._home}"
        return home + ("" if Path("liaison.yaml").resolve() == self._policy else f" --policy {self._policy}")


def _is_settling(one: PartHealth) -> bool:
    """A gateway that takes webhooks all the same says what it waits for behind a "but"."""
    return one.what in _SETTLING and (not one.is_well or "ready; but" in one.text)


async def _is_saved(name: str) -> bool:
    try:
        await read_block(name)
    except NotFound:
        return False
    return True


def _access(found: Whereabouts, home: Path) -> Mapping[Setting, str]:
    """How the Prefect server that `liaison up` started is reached."""
    file = home / LOGIN
    login = {PREFECT_API_AUTH_STRING: file.read_text().strip()} if file.is_file() else {}
    return {PREFECT_API_URL: found.prefect_api_url, **login}


def _stop_cleanly_on_sigterm() -> None:
    """Ctrl-C cancels this task already; being told by a supervisor shall clean up just the same."""
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
