"""Which accounts a drill may write to: those that are marked as sandboxes, and that nobody's real work goes by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from prefect.blocks.core import Block
from pydantic import SecretStr

from blocks.connect import fulfils, open_connector, read_block
from deployments.drill.accounts.sandbox_file import SandboxFile
from incidents.errors import LiaisonError, NotFound
from incidents.policy.file import load_policy
from incidents.policy.policy import Policy
from incidents.ports import Connector, Helpdesk, Pager
from incidents.rehearsals.opener import TicketOpener
from incidents.rehearsals.sandboxes import DeskSettings, Markable, share_tickets
from incidents.store.database import Database

OPENERS = ("zendesk", "freshdesk", "requesttracker")
PAGERS = ("pagerduty", "opsgenie")


class NotAdmitted(LiaisonError):
    """A drill may not write to this account; the message names the connection and the cure."""


class DrillDesk(Connector, Helpdesk, TicketOpener, Protocol):
    """A helpdesk for drills."""


class DrillPager(Connector, Pager, Protocol):
    """An on-call tool for drills."""


@dataclass(frozen=True, kw_only=True)
class PolicyInForce:
    """A policy that real work goes by, and its file."""

    file: Path
    policy: Policy


@dataclass(frozen=True, kw_only=True)
class SandboxAccounts:
    """Two connections that a drill may use, opened, with the blocks that they are saved in. `who` says who we are."""

    file: SandboxFile
    desk: DrillDesk
    pager: DrillPager
    blocks: Mapping[str, Block]
    who: Mapping[str, str]

    async def aclose(self) -> None:
        """Close both."""
        await self.desk.aclose()
        await self.pager.aclose()


def policies_in_force(files: Sequence[Path]) -> list[PolicyInForce]:
    """Each once. Raises `PolicyError` for one that cannot be read: then nobody knows what is real."""
    return [PolicyInForce(file=file, policy=load_policy(file)) for file in dict.fromkeys(files)]


async def admitted(file: SandboxFile, in_force: Sequence[PolicyInForce]) -> SandboxAccounts:
    """The accounts, after every look that refuses one. Nothing is written. Raises `NotAdmitted`, `NotFound` for a
    connection that is not saved, and what keeps an account from answering."""
    names = (file.helpdesk, file.pager)
    for name in names:
        _require_unused(name, in_force)
    blocks = {name: await read_block(name) for name in names}
    for name, block in blocks.items():
        _require_marked(name, block)
    for name, block in blocks.items():
        await _require_apart(name, block, in_force)
    desk, pager = await _opened(file, blocks)
    try:
        who = {file.helpdesk: await desk.check(), file.pager: await pager.check()}
        if obstacle := await pager.obstacle(file.pager_target):
            raise NotAdmitted(f"{file.pager} would page nobody: {obstacle}")
    except BaseException:
        await desk.aclose()
        await pager.aclose()
        raise
    return SandboxAccounts(file=file, desk=desk, pager=pager, blocks=blocks, who=who)


async def _opened(file: SandboxFile, blocks: Mapping[str, Block]) -> tuple[DrillDesk, DrillPager]:
    desk = open_connector(file.helpdesk, blocks[file.helpdesk], _no_store)
    pager = open_connector(file.pager, blocks[file.pager], _no_store)
    wrong = ""
    if not (fulfils(desk, Helpdesk) and fulfils(desk, TicketOpener)):
        wrong = (
            f"{file.helpdesk} cannot open tickets in customers' names; helpdesk takes {' or '.join(OPENERS)}"
        )
    elif not fulfils(pager, Pager):
        wrong = f"{file.pager} is no pager; pager takes {' or '.join(PAGERS)}"
    if wrong:
        await desk.aclose()
        await pager.aclose()
        raise NotAdmitted(wrong)
    # Each is a connector, and what was asked for.
    return cast(DrillDesk, desk), cast(DrillPager, pager)


def _require_unused(name: str, in_force: Sequence[PolicyInForce]) -> None:
    for one in in_force:
        if uses := one.policy.connection_uses().get(name):
            raise NotAdmitted(
                f"{name} is used by the policy in force ({one.file}: {', '.join(uses)}), and a drill never writes"
                " where real work goes by: save a connection of its own to a sandbox account, and name that one"
            )


def _require_marked(name: str, block: Block) -> None:
    if not isinstance(block, Markable):
        raise NotAdmitted(
            f"{name}: no drill is played on {name.partition('/')[0]}; helpdesk takes {' or '.join(OPENERS)}, pager"
            f" {' or '.join(PAGERS)}"
        )
    if not block.is_sandbox:
        raise NotAdmitted(
            f"{name} is not marked as a sandbox: if it serves no customers and wakes nobody who sleeps, tick"
            f" is_sandbox in its block {name.partition('/')[2]!r} (Prefect UI, Blocks)"
        )


async def _require_apart(name: str, block: Block, in_force: Sequence[PolicyInForce]) -> None:
    """From the accounts of the same vendor that are in force under other names."""
    own = set(_secrets(dict(block)))
    for one in in_force:
        for real in sorted(one.policy.connections()):
            if real.partition("/")[0] != name.partition("/")[0]:
                continue
            try:
                other = await read_block(real)
            except NotFound:
                continue
            if own & set(_secrets(dict(other))):
                raise NotAdmitted(
                    f"{name} has a secret in common with {real}, which the policy in force uses ({one.file}): what a"
                    " drill sends would be real; make a key of its own for the sandbox"
                )
            if (
                isinstance(block, DeskSettings)
                and isinstance(other, DeskSettings)
                and share_tickets(block, other)
            ):
                raise NotAdmitted(
                    f"{name} is the same account as {real}, which the policy in force uses ({one.file}): its tickets"
                    " would be taken for customers'; take a sandbox account, or a queue of its own"
                )


def _secrets(value: object) -> Iterator[str]:
    """Every secret in settings, however deep."""
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _secrets(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _secrets(one)


def _no_store() -> Database:
    raise NotAdmitted("a connection that keeps its tickets or pages with us is for no drill on accounts")
