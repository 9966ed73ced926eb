"""Commands of chat that change two incidents: who may, and what is not done when it moved meanwhile."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from incidents.commands.verbs import Verb
from incidents.decisions.chat_rights import CheckedCommand
from incidents.events import ChatCommand
from incidents.process.commands import concerned
from incidents.process.sync import follow_and_obey
from incidents.store.cases import load_case
from incidents.store.database import Database
from incidents.store.schema.tables import effects
from tests.incidents.builders import NOW, a_policy
from tests.incidents.process.test_merging import two
from tests.incidents.process.test_process import a_step


@pytest.mark.parametrize(
    ("verb", "named", "words", "about"),
    [
        (Verb.SPLIT, None, "3", ["second"]),
        (Verb.SPLIT, None, "3 search", ["second"]),
        (Verb.SPLIT, None, "3 INC-{first}", ["second", "first"]),
        (Verb.SPLIT, "second", "3", ["second"]),
        (Verb.SPLIT, None, "4711", []),
        (Verb.SPLIT, None, "3 INC-99", ["second"]),
        (Verb.LINK, "first", "3", ["first", "second"]),
        (Verb.LINK, "first", "4711", ["first"]),
        (Verb.MERGE, "second", "INC-{first}", ["second", "first"]),
        (Verb.RESOLVE, "second", "", ["second"]),
        (Verb.RESOLVE, None, "", []),
    ],
)
async def test_who_acts_in_chat_needs_the_right_in_all_that_it_changes(
    database: Database, verb, named, words, about
):
    """Said in any channel: also the incident that only the ticket names, and where it comes from or goes to."""
    first, second = await two(database)
    numbers = {"first": first, "second": second}
    asked = ChatCommand(
        connection="slack/main", room_id="C9", user="Eve", verb=verb, at=NOW,
        incident=None if named is None else f"INC-{numbers[named]}", text=words.format(**numbers),
    )  # fmt: skip
    async with database.transaction() as tx:
        assert await concerned(tx, asked, a_policy()) == tuple(numbers[one] for one in about)


async def test_a_refused_split_is_told_to_who_asked_and_is_in_the_tickets_incident(database: Database):
    _, second = await two(database)
    asked = ChatCommand(
        connection="slack/main", room_id="C9", user="Eve", verb=Verb.SPLIT, at=NOW, text="3", user_id="U9"
    )
    async with database.transaction() as tx:
        await follow_and_obey(a_step(tx), [], [CheckedCommand(command=asked, refusal="only Bo may")], [])
        (answer,) = (
            await tx.execute(select(effects.c.payload).where(effects.c.kind == "chat_answer"))
        ).scalars()
        case = await load_case(tx, second)
    assert answer["text"] == f"Sorry, I did not split a ticket off INC-{second}: only Bo may."
    assert "3" in [item.ticket.ref.id for item in case.tickets]


async def test_what_moved_between_the_look_at_who_asks_and_the_deed_is_not_done(database: Database):
    first, second = await two(database)
    asked = ChatCommand(connection="slack/main", room_id="C9", user="Bo", verb=Verb.SPLIT, at=NOW, text="3")
    async with database.transaction() as tx:
        await follow_and_obey(a_step(tx), [], [CheckedCommand(command=asked, about=(first,))], [])
        (answer,) = (
            await tx.execute(select(effects.c.payload).where(effects.c.kind == "chat_answer"))
        ).scalars()
        case = await load_case(tx, second)
    assert answer["text"].startswith("That belongs elsewhere since you asked")
    assert "3" in [item.ticket.ref.id for item in case.tickets]
