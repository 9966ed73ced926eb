"""What a chunk costs: as many statements for two hundred services as for one, however many tickets there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from incidents.models import Ticket
from incidents.policy.policy import Policy
from incidents.process.intake import TakenIn, join_and_tell
from incidents.store.cases import load_case, open_incidents
from incidents.store.database import Database
from incidents.store.timeline import read_timeline
from tests.incidents.store.examples import a_step, ticket

SERVICES = [f"service-{number}" for number in range(40)]
POLICY = Policy.model_validate(
    {
        "helpdesks": ["zendesk/support"],
        "services": {name: {"title": name, "team": "all"} for name in SERVICES},
        "teams": {"all": {"title": "All", "pager": "pagerduty/main"}},
        "routing": [{"service": name, "any_tag": [name]} for name in SERVICES],
    }
)


@contextmanager
def _counted(database: Database) -> Iterator[list[str]]:
    """The statements sent meanwhile."""
    sent: list[str] = []

    def note(*given: object) -> None:
        sent.append(str(given[2]))

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)


def _reports(services: Sequence[str], *, first: int) -> list[Ticket]:
    return [ticket(first + number, tags=(service,)) for number, service in enumerate(services)]


async def _take_in(database: Database, tickets: Sequence[Ticket]) -> tuple[TakenIn, int]:
    with _counted(database) as sent:
        async with database.transaction() as tx:
            taken = await join_and_tell(a_step(tx, policy=POLICY), tickets, ())
    return taken, len(sent)


async def test_opening_forty_incidents_takes_as_many_statements_as_opening_one(database: Database):
    one, for_one = await _take_in(database, _reports(SERVICES[:1], first=1))
    many, for_many = await _take_in(database, _reports(SERVICES[1:], first=100))
    assert (one.opened, many.opened) == (1, 39)
    assert for_many <= for_one


@pytest.mark.parametrize("already_joined", [1, 30])
async def test_joining_forty_incidents_takes_as_many_statements_as_joining_one(
    database: Database, already_joined: int
):
    for times in range(already_joined):
        await _take_in(database, _reports(SERVICES, first=1000 * (times + 1)))
    one, for_one = await _take_in(database, _reports(SERVICES[:1], first=1))
    many, for_many = await _take_in(database, _reports(SERVICES, first=100))
    assert (one.joined, many.joined, many.opened) == (1, 40, 0)
    assert for_many <= for_one


async def test_each_of_many_incidents_has_its_own_tickets_and_story(database: Database):
    await _take_in(database, _reports(SERVICES, first=1))
    await _take_in(database, _reports(SERVICES[:20], first=100))
    async with database.transaction() as tx:
        for incident in await open_incidents(tx, SERVICES):
            case = await load_case(tx, incident.id)
            is_joined = SERVICES.index(incident.service) < 20
            assert {tag for item in case.tickets for tag in item.ticket.tags} == {incident.service}
            assert len(case.tickets) == 1 + is_joined
            told = [entry.kind for entry in await read_timeline(tx, incident.id)]
            assert told == ["opened", "joined"][: 1 + is_joined]
