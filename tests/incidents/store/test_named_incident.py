"""Which incident somebody means who fills in a form: as they have it at hand, and never by a guess."""

from __future__ import annotations

import pytest

from incidents.errors import NotFound, Refused
from incidents.models import JoinOrigin
from incidents.store.board.search import named_incident
from incidents.store.database import Database
from incidents.store.tickets import link_tickets, save_tickets
from tests.incidents.store.examples import NOW, new_incident, ticket


@pytest.fixture
async def two(database: Database) -> list[str]:
    """INC-1 with ticket 2 and INC-2 with ticket 4711; and the helpdesks."""
    async with database.transaction() as tx:
        for number in (2, 4711):
            opened = await new_incident(tx, title="Checkout 4711 is broken")
            joined = ticket(number, url=f"https://desk.example/tickets/{number}")
            await save_tickets(tx, [joined])
            await link_tickets(tx, opened.id, [joined.ref], origin=JoinOrigin.RULE, reason="r", now=NOW)
    return [joined.ref.connection]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("INC-1", 1),
        (" inc-2 ", 2),
        ("inc2", 2),
        ("https://liaison.example/board/INC-2", 2),
        ("https://liaison.example/incidents/INC-2/story?x=1", 2),
        ("4711", 2),
        ("#2", 1),
        ("https://desk.example/tickets/4711", 2),
        ("https://desk.example/tickets/4711?tab=1", 2),
    ],
)
async def test_as_people_have_it_at_hand(database: Database, two: list[str], words: str, found: int):
    async with database.transaction() as tx:
        assert (await named_incident(tx, words, helpdesks=two)).id == found


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("INC-99", "there is no INC-99: name it as INC-42, or a ticket of it as #4711"),
        ("4712", "no incident has a ticket '4712'"),
        ("Checkout", "no incident has a ticket 'Checkout'"),
        ("%", "no incident has"),
    ],
)
async def test_a_guess_is_refused(database: Database, two: list[str], words: str, why: str):
    async with database.transaction() as tx:
        with pytest.raises(NotFound, match=why):
            await named_incident(tx, words, helpdesks=two)


async def test_a_number_that_may_be_two(database: Database, two: list[str]):
    """2 is a ticket of INC-1, and INC-2."""
    async with database.transaction() as tx:
        with pytest.raises(Refused, match=r"'2' may mean INC-[12] or INC-[12]"):
            await named_incident(tx, "2", helpdesks=two)
