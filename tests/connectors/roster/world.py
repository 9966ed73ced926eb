"""A roster with people, phones and a clock that moves when told, and what people do behind the connector's back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import yaml
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.kit.fakes.faults import FaultKind, Faults
from connectors.roster import RosterPager, RosterSettings
from connectors.roster.fake.app import FakeNotice, FakePhones
from incidents.errors import StoreAway, StoreBusy, StoreUnsure
from incidents.policy.file import parse_policy
from incidents.rotas.page_desk import NoticeKind
from incidents.rotas.rota import Roster
from incidents.store.database import Database
from incidents.store.roster.acts import LinkedPage, take_page
from incidents.store.roster.desk import StoredPageDesk
from incidents.store.schema.tables import roster_notes, roster_notices, roster_pages

NAME = "roster/main"
KEY = "cm9zdGVyIG9mIGEgdGVzdCwgMzIgYnl0ZXMgbG9uZyE="
MONDAY = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
Answer = TypeVar("Answer")

POLICY: dict[str, Any] = {
    "helpdesks": ["mail/support"],
    "services": {"checkout": {"title": "Checkout", "team": "payments"}},
    "teams": {"payments": {"title": "Payments", "pager": NAME, "pager_target": "payments"}},
    "people": {
        "ana": {
            "name": "Ana Silva",
            "reach": [{"way": "ana-phone", "wait": "2m"}, {"way": "ana-mail", "wait": "3m"}],
        },
        "bo": {
            "name": "Bo Berg",
            "reach": [{"way": "bo-phone", "wait": "5m"}],
            "known_as": ["bo@acme.example"],
        },
    },
    "rotas": {
        "payments": {
            "timezone": "Europe/Berlin",
            "layers": [{"people": ["ana", "bo"], "hand_over": "2026-11-02 09:00"}],
            "then": ["bo"],
            "rounds": 1,
        }
    },
}


class Clock:
    """Stands still until it is moved."""

    def __init__(self, time: datetime = MONDAY) -> None:
        self.time = time

    def __call__(self) -> datetime:
        return self.time

    def pass_by(self, **span: float) -> None:
        self.time += timedelta(**span)


def roster_of_policy(changes: Mapping[str, Any] | None = None) -> Roster:
    """The policy above, with these sections instead."""
    return parse_policy(yaml.safe_dump(POLICY | dict(changes or {}))).roster()


def settings(phones: FakePhones, **changes: Any) -> RosterSettings:
    values: dict[str, Any] = {
        "ways": {
            "ana-phone": SecretStr(phones.ntfy("ana")),
            "ana-mail": SecretStr(phones.mailto("ana@acme.example")),
            "bo-phone": SecretStr(phones.ntfy("bo")),
        },
        "gateway_url": "https://liaison.acme.example",
        "look_seconds": 0.05,
        "notices_per_minute": 100_000,
    }
    return RosterSettings.model_validate(values | changes)


_ANSWERS = {
    FaultKind.DROP_REPLY: StoreUnsure("the connection to the store was lost during a commit"),
    FaultKind.ERROR_AFTER_WORK: StoreUnsure("the connection to the store was lost during a commit"),
    FaultKind.RATE_LIMIT: StoreBusy("all connections to the store are in use"),
}


class FaultyDesk(StoredPageDesk):
    """The desk, whose store fails when told; its answers are lost after the work was done."""

    def __init__(self, database: Database, connection: str) -> None:
        super().__init__(database, connection)
        self.faults = Faults()

    def __getattribute__(self, name: str) -> Any:
        found = object.__getattribute__(self, name)
        if name.startswith("_") or not asyncio.iscoroutinefunction(found):
            return found

        async def faulty(*arguments: Any, **named: Any) -> Any:
            fault = self.faults.take(name)
            if fault is not None and fault[0] not in _ANSWERS:
                raise StoreAway("the store does not answer")
            result = await found(*arguments, **named)
            if fault is not None:
                raise _ANSWERS[fault[0]]
            return result

        return faulty


class RosterWorld:
    """Phones, a store, a clock, a roster that can be changed; and connectors upon them, as many as wanted."""

    def __init__(self, database: Database, phones: FakePhones) -> None:
        self.database = database
        self.phones = phones
        self.clock = Clock()
        self.roster = roster_of_policy()
        self.desk = FaultyDesk(database, NAME)

    def pager(self, **changes: Any) -> RosterPager:
        """A connector as another process would have it."""
        return RosterPager(
            NAME,
            settings(self.phones, **changes),
            desk=self.desk,
            roster=lambda: self.roster,
            key=KEY,
            clock=self.clock,
        )

    @property
    def wakes(self) -> list[FakeNotice]:
        return [one for one in self.phones.arrived if not one.title.startswith("Over: ")]

    @property
    def overs(self) -> list[str]:
        return [one.to for one in self.phones.arrived if one.title.startswith("Over: ")]

    @property
    def woken(self) -> list[str]:
        """Whom notices reached, in order."""
        return [one.to for one in self.wakes]

    def notes(self) -> Sequence[str]:
        """Those on the newest page."""

        async def read(tx: AsyncConnection) -> Sequence[str]:
            newest = select(roster_pages.c.id).order_by(roster_pages.c.id.desc()).limit(1).scalar_subquery()
            rows = (
                select(roster_notes.c.text)
                .where(roster_notes.c.page_id == newest)
                .order_by(roster_notes.c.at)
            )
            return list((await tx.execute(rows)).scalars())

        return self.at_once(read)

    def acknowledge(self, person: str = "Ana Silva") -> str:
        """Somebody presses the button behind the newest page's link."""

        async def press(tx: AsyncConnection) -> LinkedPage | None:
            return await take_page(tx, await notice_of(tx, person), now=self.clock())

        assert self.at_once(press) is not None
        return person

    def resolve(self) -> None:
        """It is over, and not by the connector's call."""

        async def end(desk: StoredPageDesk, tx: AsyncConnection) -> None:
            newest = select(roster_pages.c.key).order_by(roster_pages.c.id.desc()).limit(1)
            await desk.resolve((await tx.execute(newest)).scalar_one(), now=self.clock())

        self._run(end)

    def at_once(self, work: Callable[[AsyncConnection], Coroutine[Any, Any, Answer]]) -> Answer:
        """Work on the store, done before this returns; for what the contract's rig does from outside any loop."""

        async def with_tx(desk: StoredPageDesk, tx: AsyncConnection) -> Answer:
            del desk
            return await work(tx)

        return self._run(with_tx)

    def _run(self, work: Callable[[StoredPageDesk, AsyncConnection], Coroutine[Any, Any, Answer]]) -> Answer:
        async def main() -> Answer:
            database = Database(self.database.url)
            try:
                async with database.transaction() as tx:
                    return await work(StoredPageDesk(database, NAME), tx)
            finally:
                await database.aclose()

        with ThreadPoolExecutor(1) as threads:
            return threads.submit(asyncio.run, main()).result()


async def notice_of(tx: AsyncConnection, person: str) -> int:
    """The newest notice that woke this person."""
    rows = (
        select(roster_notices.c.id)
        .where(roster_notices.c.name == person, roster_notices.c.kind == NoticeKind.WAKE)
        .order_by(roster_notices.c.page_id.desc(), roster_notices.c.id)
        .limit(1)
    )
    return int((await tx.execute(rows)).scalar_one())
