"""Commands by a form: the same words, carried out in the same way, answered by the result."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from incidents.commands.help import usage
from incidents.process.intake import join_and_tell
from incidents.process.obeying.forms import obey_form
from incidents.store.database import Database
from incidents.store.schema.tables import incidents
from tests.incidents.builders import a_ticket
from tests.incidents.process.test_process import a_step

UNKNOWN = {"subject": "A question", "body": "None of the rules knows."}


@pytest.mark.parametrize(
    ("words", "ticket", "answer", "states"),
    [
        ("help", "", usage(), ["reported"]),
        ("/liaison status INC-1", "", "INC-1 ", ["reported"]),
        ("status", "", "Open incidents:\nINC-1", ["reported"]),
        ("status", "1", "INC-1 ", ["reported"]),
        ("stauts", "", "There is no command `stauts`. Did you mean: status", ["reported"]),
        ("escalate INC-1 sev1", "", "INC-1 (severity 1): Payments team ", ["escalated"]),
        ("escalate", "", "Not done: which incident?", ["reported"]),
        ("escalate INC-9", "", "Not done: there is no INC-9", ["reported"]),
        ("escalate search because of it", "2", "INC-2 was opened for search.", ["escalated", "reported"]),
        ("link 2 INC-1", "", "#2 belongs to INC-1 now", ["reported"]),
        ("link INC-1", "#2", "#2 belongs to INC-1 now", ["reported"]),
        ("link 77 INC-1", "", "Not done: there is no ticket 77", ["reported"]),
        ("status", "77", "Not done: there is no ticket 77", ["reported"]),
        ("not-an-incident INC-1", "", "INC-1: Not an incident, says Bo by form", ["not_an_incident"]),
    ],
)  # fmt: skip
async def test_what_a_form_does(database: Database, words, ticket, answer, states):
    async with database.transaction() as tx:
        await join_and_tell(a_step(tx), [a_ticket(1), a_ticket(2, **UNKNOWN)], ())
    async with database.transaction() as tx:
        done = await obey_form(a_step(tx), words, by="Bo", ticket=ticket)
    assert done.said.startswith(answer)
    async with database.transaction() as tx:
        found = (await tx.execute(select(incidents.c.state).order_by(incidents.c.id))).scalars()
        assert sorted(found) == sorted(states)
