"""`liaison try`: a harmless test through one connection, for each thing it can do, and in a line what was seen.

Each test says that it is one, is undone where that can be, and is looked for at the other side: what was sent counts
only when it was seen there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from blocks.connect import fulfils, open_connector, read_block
from deployments.commands import settings
from deployments.commands.first_hour.trials import people, webhooks
from deployments.commands.first_hour.trials.seen import Trial, TrialWishes, TriedConnection
from deployments.machine.home import liaison_home
from incidents.errors import LiaisonError, NotFound
from incidents.policy.file import load_policy
from incidents.ports import (
    ActionRunner,
    ChatRoom,
    Connector,
    Helpdesk,
    ImpactProbe,
    Mailbox,
    Pager,
    WebhookSource,
)
from incidents.status_page import StatusPage
from incidents.store.database import Database
from incidents.texts.plain_text import did_you_mean

_BY_CAPABILITY: Sequence[tuple[type, Callable[[TriedConnection], Awaitable[Trial]]]] = (
    (Helpdesk, people.note_on_ticket),
    (Mailbox, people.mail_to),
    (Pager, people.page_and_resolve),
    (ChatRoom, people.say_in_room),
    (StatusPage, people.look_at_page),
    (ImpactProbe, people.probe),
    (ActionRunner, people.leave_action),
    (WebhookSource, webhooks.post_to_ourselves),
)


async def try_connection(name: str, *, home: Path | None, policy: Path, wishes: TrialWishes) -> list[Trial]:
    """What was seen, in the order in which it was tried: first whether the connection answers at all.

    Raises `LiaisonError` for one that is not saved, and while Liaison does not run.
    """
    async with _opened(name, home=home, policy=policy, wishes=wishes) as tried:
        answered = await _guarded("it answers", lambda: _answers(tried))
        if not answered.is_well:
            return [answered]
        found = [answered]
        for capability, test in _BY_CAPABILITY:
            if fulfils(tried.connector, capability):
                found.append(await _guarded(_WHAT[capability], lambda test=test: test(tried)))
        return found


_WHAT = {
    Helpdesk: "note for colleagues",
    Mailbox: "mail",
    Pager: "page",
    ChatRoom: "message",
    StatusPage: "status page",
    ImpactProbe: "probe",
    ActionRunner: "action",
    WebhookSource: "webhook",
}


@asynccontextmanager
async def _opened(
    name: str, *, home: Path | None, policy: Path, wishes: TrialWishes
) -> AsyncIterator[TriedConnection]:
    database = Database(settings.database_url(home))
    connector: Connector | None = None
    try:
        rules = load_policy(policy)
        key = settings.kept_key(liaison_home(home))
        try:
            block = await read_block(name)
        except NotFound as error:
            named = sorted(rules.connections())
            raise NotFound(f"{error}{did_you_mean(name, named) if name not in named else ''}") from error
        connector = open_connector(name, block, lambda: database, rules.roster, key=key)
        yield TriedConnection(
            name=name,
            connector=connector,
            database=database,
            policy=rules,
            wishes=wishes,
            gateway_url=settings.gateway_url(home),
            clock=lambda: datetime.now(UTC),
        )
    finally:
        if connector is not None:
            await connector.aclose()
        await database.aclose()


async def _answers(tried: TriedConnection) -> Trial:
    return Trial(what="it answers", is_well=True, seen=await tried.connector.check())


async def _guarded(what: str, test: Callable[[], Awaitable[Trial]]) -> Trial:
    """What fails is seen as well, and keeps no other test from being made."""
    try:
        return await test()
    except LiaisonError as error:
        return Trial(what=what, is_well=False, seen=str(error) or type(error).__name__)
