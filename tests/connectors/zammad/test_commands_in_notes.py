"""A command in a note, on Zammad's fake: heard, obeyed, answered privately, and the answer starts nothing."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from sqlalchemy import select

from connectors.zammad import Zammad
from incidents.events import TicketEvent
from incidents.models import Author, Comment, InternalText, Ticket, TicketChange
from incidents.process.intake import join_and_tell
from incidents.store.database import Database
from incidents.store.schema.tables import effects, incidents
from tests.connectors.zammad.conftest import ZammadWorld
from tests.incidents.process.test_process import a_step

ADA = {"name": "Ada Lovelace", "email": "ada@customer.example"}


@pytest.fixture
def ticket(world: ZammadWorld) -> str:
    return world.create_ticket("A question", "It looks odd", **ADA)


async def heard(database: Database, found: Ticket, said: Sequence[Comment]) -> list[str]:
    """What is answered by now, after these comments were heard."""
    events = [TicketEvent(ref=found.ref, at=one.at, comment=one) for one in said]
    async with database.transaction() as tx:
        await join_and_tell(a_step(tx, now=found.updated_at), [found], events)
        answers = select(effects.c.payload["text"].astext).where(effects.c.once.contains(":answer:"))
        return list((await tx.execute(answers)).scalars())


async def test_an_agents_note_is_obeyed_and_answered(
    world: ZammadWorld, helpdesk: Zammad, ticket: str, database: Database
) -> None:
    world.fake.customer_reply(int(ticket), "/liaison escalate checkout")
    world.fake.agent_note(int(ticket), "/liaison escalate checkout sev1 because nobody can pay")
    (found,) = await helpdesk.read([ticket])
    said = await helpdesk.comments(found, found.created_at)
    assert [(one.author, one.is_signed_in) for one in said] == [
        (Author.CUSTOMER, False),
        (Author.AGENT, True),
    ]
    (answer,) = await heard(database, found, said)
    assert "was opened for checkout" in answer

    await helpdesk.update([ticket], TicketChange(private_note=InternalText(answer)), once="answer")
    (note,) = [one for one in world.fake.private(int(ticket)) if answer in one["body"]]
    assert note["internal"] is True
    again = await helpdesk.comments(found, found.created_at)
    assert again[-1].author is Author.LIAISON
    assert await heard(database, found, again) == [answer]
    async with database.transaction() as tx:
        assert list((await tx.execute(select(incidents.c.state))).scalars()) == ["escalated"]
