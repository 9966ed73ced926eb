"""The interview: what is asked in which order, each connection tried at once, and the policy made of it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from blocks.mail import MailBlock
from blocks.staticpage import StaticPageBlock
from deployments.commands.first_hour import mailbox as mail
from deployments.commands.first_hour import on_call as oncall
from deployments.commands.first_hour.answers import AnswerError, SetupAnswers
from deployments.commands.first_hour.looks import Look
from deployments.commands.first_hour.questions import (
    SetupQuestion,
    folder,
    number,
    one_of,
    public_address,
    web_address,
)
from deployments.commands.first_hour.services import NamedService, ask_services, probes
from deployments.commands.first_hour.vendors import FORMS, Prepared, ask_vendor
from incidents.errors import LiaisonError
from incidents.policy.file import parse_policy
from incidents.policy.positioned_yaml import read_yaml

PAGE = "staticpage/main"
HOSTED = "statuspage"
"""The word in a folder's place, and the vendor."""
TEMPLATE = Path(__file__).with_name("policy_template.yaml")
MAILBOX = "mailbox"
HELPDESKS = {
    MAILBOX: "mail",
    "zendesk": "zendesk",
    "zammad": "zammad",
    "rt": "requesttracker",
    "redmine": "redmine",
}
"""The words of the first question, and the vendors."""
NONE = "none"
_AGAIN, _KEEP, _STOP = "again", "keep", "stop"


@dataclass(frozen=True, kw_only=True)
class FirstSetup:
    """What the interview came to: the policy's text, and the connections it names."""

    policy: str
    connections: Sequence[Prepared]


@dataclass(kw_only=True)
class Interview:
    """One interview. `gateway_url` and `prefect_ui` are where this machine's gateway and Prefect UI listen, `beside`
    is the folder of the policy."""

    answers: SetupAnswers
    look: Look
    say: Callable[[str], None]
    gateway_url: str
    prefect_ui: str
    beside: Path
    now: datetime
    _connections: list[Prepared] = field(default_factory=list)
    _sender: mail.MailSender | None = None
    _mailbox: MailBlock | None = None

    async def hold(self) -> FirstSetup:
        """Ask everything. Raises `AnswerError` for what is missing or fails, where nobody can be asked again."""
        ask = self.answers.ask
        public = ask(
            SetupQuestion(
                key="public_url",
                text="The gateway's address on the internet, as in https://liaison.acme.example; Enter for none yet",
                hint="Phones and vendors reach Liaison by it, through a TLS proxy of yours. Without one all goes"
                " on from this machine: by mail, and by links that open here.",
                default="",
                read=public_address,
            )
        )
        reached = public or self.gateway_url
        prefect_ui = self._prefect_ui() if public else ""
        chosen = ask(
            SetupQuestion(
                key="helpdesk",
                text=f"Where do customers' reports arrive ({', '.join(HELPDESKS)})",
                hint="With a mailbox alone Liaison keeps the tickets itself.",
                default=MAILBOX,
                read=one_of(list(HELPDESKS)),
            )
        )
        helpdesk = await self._helpdesk(HELPDESKS[chosen], reached)
        services = await self._services()
        reports = ask(
            SetupQuestion(
                key="reports",
                text="How many customers must write within 15 minutes before somebody is woken",
                hint="This counts where nothing else can say whether a service fails. To try it out, 1 will do.",
                default="3",
                read=number(1, 10_000),
            )
        )
        pager, on_call = await self._pager(reached)
        chat = await self._chat(reached)
        page = await self._page(reached, services)
        self.answers.require_all_used()
        policy = policy_text(
            day=f"{self.now:%Y-%m-%d}",
            helpdesk=helpdesk,
            services=services,
            reports=reports,
            pager=pager,
            on_call=on_call,
            rota=oncall.ROTA,
            chat=chat,
            status_page=page,
            owner=on_call.people[0].name if on_call else "",
            gateway=public,
            prefect_ui=prefect_ui,
            here={"gateway": self.gateway_url, "prefect_ui": self.prefect_ui},
        )
        return FirstSetup(policy=policy, connections=self._connections)

    def _prefect_ui(self) -> str:
        """Only where others shall reach Liaison at all: else the links of this machine will do."""
        return self.answers.ask(
            SetupQuestion(
                key="prefect_ui",
                text="The Prefect UI's address for colleagues, as in https://prefect.acme.example; Enter for none yet",
                hint="With it, notes, pages and rooms link to the incident's story there. It asks for its own login."
                f" On this machine it is {self.prefect_ui}.",
                default="",
                read=web_address,
            )
        )

    async def connection(self, name: str, public: str) -> Prepared | None:
        """Ask for one connection that a policy names already; None for one that has no questions here."""
        vendor = name.partition("/")[0]
        if vendor == "mail":
            prepared = await self._mail()
        elif vendor in FORMS:
            prepared = await self._vendor(vendor, public or self.gateway_url)
        else:
            return None
        return Prepared(name=name, block=prepared.block, paste=prepared.paste.replace(prepared.name, name))

    async def _helpdesk(self, vendor: str, public: str) -> str:
        prepared = await (self._mail() if vendor == "mail" else self._vendor(vendor, public))
        self._connections.append(prepared)
        return prepared.name

    async def _mail(self) -> Prepared:
        trouble = ""

        async def ask() -> Prepared:
            prepared, sender = mail.ask_mailbox(self.answers, with_authority="ertificate" in trouble)
            self._sender = sender
            if isinstance(prepared.block, MailBlock):
                self._mailbox = prepared.block
            return prepared

        def heard(said: str) -> None:
            nonlocal trouble
            trouble = said

        return await self._tried(ask, prefix="mail.", heard=heard)

    async def _vendor(self, vendor: str, public: str) -> Prepared:
        async def ask() -> Prepared:
            return ask_vendor(FORMS[vendor], self.answers, public=public)

        return await self._tried(ask, prefix=f"{vendor}.")

    async def _services(self) -> Sequence[NamedService]:
        while True:
            services, prometheus = ask_services(self.answers)
            found = probes(services, prometheus)
            try:
                for prepared in found:
                    keys = [f"services.{one.key}.probes" for one in services if prepared.name in one.probes]
                    await self._look(prepared, keys)
            except _DoesNotWork as error:
                self.say(f"  That does not work: {error}")
                if not self._is_kept(error):
                    for prefix in ("services", "prometheus."):
                        self.answers.again(prefix)
                    continue
            self._connections += found
            return services

    async def _pager(self, public: str) -> tuple[str, oncall.OnCall | None]:
        chosen = self.answers.ask(
            SetupQuestion(
                key="oncall",
                text="Who wakes people: Liaison itself, or PagerDuty (liaison, pagerduty)",
                default="liaison",
                read=one_of(["liaison", "pagerduty"]),
            )
        )
        if chosen == "pagerduty":
            self._connections.append(await self._vendor("pagerduty", public))
            return FORMS["pagerduty"].name, None
        on_call, phones = oncall.ask_people(self.answers, now=self.now)
        sender = self._sender or mail.ask_sender(self.answers)
        self._connections.append(
            oncall.roster(on_call, phones, sender, gateway_url=public, mailbox=self._mailbox)
        )
        return oncall.NAME, on_call

    async def _chat(self, public: str) -> str:
        chosen = self.answers.ask(
            SetupQuestion(
                key="chat",
                text="A chat where each incident gets a room (none, slack, matrix)",
                default=NONE,
                read=one_of([NONE, "slack", "matrix"]),
            )
        )
        if chosen == NONE:
            return ""
        self._connections.append(await self._vendor(chosen, public))
        return FORMS[chosen].name

    async def _page(self, public: str, services: Sequence[NamedService]) -> str:
        where = self.answers.ask(
            SetupQuestion(
                key="page.folder",
                text=f"A folder for the status page, {HOSTED} for one at Atlassian Statuspage, or {NONE}",
                hint="Liaison writes a status page as plain files. The gateway shows it, or any web server of yours.",
                default=str(self.beside / "status-page"),
                read=partial(folder, words=(NONE, HOSTED)),
            )
        )
        if where == NONE:
            return ""
        if where == HOSTED:
            self._connections.append(await self._vendor(HOSTED, public))
            return FORMS[HOSTED].name
        title = self.answers.ask(
            SetupQuestion(key="page.title", text="The page's heading", default="Service status")
        )
        block = StaticPageBlock(
            folder=where,
            title=title or "Service status",
            services=[one.title for one in services],
            served=True,
            address=f"{public}/status/{PAGE.partition('/')[2]}/",
        )
        self._connections.append(Prepared(name=PAGE, block=block))
        return PAGE

    async def _tried(
        self,
        ask: Callable[[], Awaitable[Prepared]],
        *,
        prefix: str,
        heard: Callable[[str], None] = lambda _: None,
    ) -> Prepared:
        """Ask, look whether it works, and ask again if it does not and somebody is there."""
        while True:
            try:
                prepared = await ask()
                await self._look(prepared, [])
            except AnswerError as error:
                if self.answers.terminal is None:
                    raise
                self.say(f"  That does not work: {error}")
                heard(str(error))
                if isinstance(error, _DoesNotWork) and self._is_kept(error):
                    return error.prepared
                self.answers.again(prefix)
            else:
                return prepared

    def _is_kept(self, error: _DoesNotWork) -> bool:
        """Raises the error where they want to stop."""
        terminal = self.answers.terminal
        if terminal is None:
            raise error
        while True:
            word = terminal.ask(
                "Ask again, keep it all the same, or stop (again, keep, stop)",
                default=_AGAIN,
                is_secret=False,
            )
            if word.strip().lower() in (_AGAIN, _KEEP):
                return word.strip().lower() == _KEEP
            if word.strip().lower() == _STOP:
                raise AnswerError(f"stopped; nothing was written. {error}")

    async def _look(self, prepared: Prepared, keys: Sequence[str]) -> None:
        self.say(f"  looking at {prepared.name} ...")
        try:
            told = await self.look(prepared, keys)
        except LiaisonError as error:
            raise _DoesNotWork(prepared, error) from error
        for line in told:
            self.say(f"  seen: {line}")


class _DoesNotWork(AnswerError):
    """The answers are in form, and the other side does not agree."""

    def __init__(self, prepared: Prepared, error: LiaisonError) -> None:
        super().__init__(f"{prepared.name}: {error}")
        self.prepared = prepared


def policy_text(**known: object) -> str:
    """The commented policy. It loads, whatever was answered."""
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)  # noqa: S701
    environment.filters["quoted"] = lambda text: json.dumps(text, ensure_ascii=False)
    environment.filters["as_key"] = _as_key
    text = environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(**known)
    parse_policy(text)
    return text


def _as_key(slug: str) -> str:
    """As YAML reads it as a text: `checkout` as it stands, "123" and "null" quoted."""
    return slug if read_yaml(slug).data == slug else json.dumps(slug)
