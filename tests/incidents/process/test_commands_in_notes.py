"""Commands in private notes, in the store: obeyed once and answered, and by nobody but an agent who was logged in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from incidents.effects import EffectKind
from incidents.events import TicketEvent
from incidents.models import Author, Comment, IncidentState, Origin, Severity
from incidents.process.intake import TakenIn, join_and_tell
from incidents.store.cases import load_case
from incidents.store.database import Database
from incidents.store.schema.tables import effects, incidents, tickets
from tests.incidents.builders import NOW, a_policy, a_ticket
from tests.incidents.process.test_process import a_step

MINUTE = timedelta(minutes=1)
UNKNOWN = {"subject": "A question", "body": "None of the rules knows."}
SEARCH = {"subject": "The search finds nothing", "body": "None."}


def a_note(words: str, number: int = 1, id: str = "c1", **changes) -> TicketEvent:
    given = {
        "id": id, "author": Author.AGENT, "author_name": "Ada Agent", "is_public": False, "text": words,
        "at": NOW + MINUTE, "author_id": "77", "is_signed_in": True,
    }  # fmt: skip
    ref = a_ticket(number).ref
    return TicketEvent(ref=ref, at=NOW + MINUTE, comment=Comment(**{**given, **changes}))


async def taken(database: Database, *events: TicketEvent, given=(), policy=None) -> TakenIn:
    async with database.transaction() as tx:
        return await join_and_tell(a_step(tx, policy=policy, now=NOW + MINUTE), list(given), events)


async def said(database: Database) -> list[str]:
    """Our answers, the oldest first."""
    async with database.transaction() as tx:
        rows = await tx.execute(
            select(effects.c.payload["text"].astext)
            .where(effects.c.kind == EffectKind.TICKET_NOTE.value, effects.c.once.contains(":answer:"))
            .order_by(effects.c.id)
        )
        return list(rows.scalars())


async def story(database: Database, number: int) -> list[tuple[str, str]]:
    async with database.transaction() as tx:
        rows = await tx.execute(
            text("select actor, text from timeline where incident_id = :n order by id"), {"n": number}
        )
        return [(row.actor, row.text) for row in rows]


async def states(database: Database) -> list[str]:
    async with database.transaction() as tx:
        return list((await tx.execute(select(incidents.c.state).order_by(incidents.c.id))).scalars())


async def test_a_ticket_of_no_incident_is_escalated(database: Database):
    """One note, told twice: one incident, one page, one answer; who said it, where and why is in its story."""
    note = a_note("/liaison escalate checkout sev1 because nobody can pay")
    first = await taken(database, note, given=[a_ticket(1, **UNKNOWN)])
    again = await taken(database, note, given=[a_ticket(1, **UNKNOWN)])
    (number,) = first.incidents
    assert again.incidents == ()
    async with database.transaction() as tx:
        case = await load_case(tx, number)
    assert (case.incident.state, case.incident.severity) == (IncidentState.ESCALATED, Severity.CRITICAL)
    assert [item.ticket.ref.id for item in case.tickets] == ["1"]
    assert [line.kind for line in case.ledger].count(EffectKind.PAGE) == 1
    (answer,) = await said(database)
    assert answer.startswith(
        f"INC-{number} was opened for checkout. INC-{number} (severity 1): Payments team "
    )
    assert answer.endswith(" is being paged now.")
    told = " ".join(words for _, words in await story(database, number))
    assert "escalated by Ada Agent in a note on #1: nobody can pay" in told


@pytest.mark.parametrize(
    "changes",
    [
        {"author": Author.CUSTOMER, "is_public": True},
        {"author": Author.CUSTOMER, "is_public": False},
        {"author": Author.CUSTOMER, "is_public": True, "is_signed_in": False},
        {"author": Author.LIAISON},
        {"origin": Origin.AUTOMATIC},
        {"text": "> /liaison escalate checkout"},
        {"text": "<blockquote>/liaison escalate checkout</blockquote>"},
        {"text": "INC-7: Bo: /liaison escalate checkout"},
    ],
)
async def test_what_is_no_command_at_all(database: Database, changes):
    """A customer's, a program's, our own, a quoted one: nothing is done, and nothing is answered."""
    await taken(database, a_note("/liaison escalate checkout", **changes), given=[a_ticket(1, **UNKNOWN)])
    assert await states(database) == []
    assert await said(database) == []


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"is_public": True}, "Not done: that was a public reply, which your customer can read."),
        ({"is_signed_in": False}, "Not done: the helpdesk does not say that an agent who was logged in"),
        ({"is_signed_in": None}, "Not done: the helpdesk does not say that an agent who was logged in"),
    ],
)
async def test_what_looks_like_an_agents_command_and_is_none(database: Database, changes, answer):
    await taken(database, a_note("/liaison escalate checkout", **changes), given=[a_ticket(1, **UNKNOWN)])
    assert await states(database) == []
    (told,) = await said(database)
    assert told.startswith(answer)


async def test_a_helpdesk_that_does_not_tell_is_believed_where_the_policy_says_so(database: Database):
    policy = a_policy(commands={"believed": ["zendesk/support"]})
    note = a_note("/liaison escalate checkout", is_signed_in=None)
    await taken(database, note, given=[a_ticket(1, **UNKNOWN)], policy=policy)
    assert await states(database) == ["escalated"]


async def test_commands_are_off(database: Database):
    policy = a_policy(commands={"in_notes": False})
    await taken(database, a_note("/liaison escalate checkout"), given=[a_ticket(1, **UNKNOWN)], policy=policy)
    assert (await states(database), await said(database)) == ([], [])


async def test_where_a_ticket_belongs(database: Database):
    """Linked, linked again, linked elsewhere, split off: each answered, and the ticket is where the agent says."""
    given = [a_ticket(1), a_ticket(2, **SEARCH), a_ticket(3, **UNKNOWN), a_ticket(4)]
    found = await taken(database, given=given)
    async with database.transaction() as tx:
        rows = await tx.execute(select(tickets.c.id, tickets.c.incident_id))
        of = {row.id: row.incident_id for row in rows}
    pay, search = of["1"], of["2"]
    assert set(found.incidents) == {pay, search}
    notes = [
        a_note(f"/liaison link INC-{search}", 3, "a"),
        a_note(f"/liaison link inc{search}", 3, "b", at=NOW + 2 * MINUTE),
        a_note(f"/liaison link INC-{pay} because same error", 3, "c", at=NOW + 3 * MINUTE),
        a_note("/liaison split because another fault", 4, "d", at=NOW + 4 * MINUTE),
        a_note("/liaison link INC-99", 3, "e", at=NOW + 5 * MINUTE),
    ]
    await taken(database, *notes, given=[a_ticket(3, **UNKNOWN), a_ticket(4)])
    answers = await said(database)
    assert answers[0].startswith(f"#3 belongs to INC-{search} now: ")
    assert answers[1] == f"#3 belongs to INC-{search} already."
    assert answers[2] == f"#3 was split off INC-{search}; it goes on in INC-{pay}."
    assert answers[3].startswith(f"#4 was split off INC-{pay}; it goes on in INC-")
    assert answers[4] == "Not done: there is no INC-99."
    assert any("linked by Ada Agent in a note on #3" in words for _, words in await story(database, search))
    async with database.transaction() as tx:
        rows = await tx.execute(select(tickets.c.id, tickets.c.incident_id, tickets.c.link_origin))
        now = {row.id: (row.incident_id, row.link_origin) for row in rows}
    assert now["3"] == (pay, "agent")
    assert now["4"][0] not in (pay, search)


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("stauts", "There is no command `stauts`. Did you mean: status"),
        ("escalate chekcout sev1", "There is no service `chekcout`. Did you mean: escalate checkout sev1"),
        ("help", "Commands:\n- status: how it stands"),
        ("status", "INC-1 "),
        ("approve", "Not done: `approve` by a note is for those named in Liaison's policy"),
        ("promise 14:30", "INC-1 is reported: updates are promised while engineers have it."),
        ("merge", "Which two?"),
        ("owner me", "INC-1: Accountable from now on: Ada Agent"),
        ("not-an-incident because his firewall", "INC-1: Not an incident, says Ada Agent in a note on #1"),
        ("escalate search", "Not done: this is INC-1, which is about checkout."),
        ("status\n/liaison close it", "INC-1 "),
    ],
)
async def test_answers_on_a_ticket_of_an_incident(database: Database, words, answer):
    await taken(database, given=[a_ticket(1)])
    await taken(database, a_note(f"/liaison {words}"), given=[a_ticket(1)])
    (told,) = await said(database)
    assert told.startswith(answer)
    assert ("One command a note" in told) is ("close" in words)


async def test_who_may(database: Database):
    """Only the people named; approvals by approvers alone; who was refused is told, and it is in the story."""
    policy = a_policy(commands={"who": "people", "people": ["bo"], "approvers": ["77"]})
    await taken(database, given=[a_ticket(1)], policy=policy)
    notes = [
        a_note("/liaison not-an-incident", id="a"),
        a_note("/liaison approve", id="b", at=NOW + 2 * MINUTE),
        a_note("/liaison status", id="c", at=NOW + 3 * MINUTE),
        a_note("/liaison not-an-incident", id="d", author_name="Bo", author_id="8", at=NOW + 4 * MINUTE),
    ]
    await taken(database, *notes, given=[a_ticket(1)], policy=policy)
    answers = await said(database)
    assert answers[0].startswith("Not done: `not-an-incident` is for the people named")
    assert answers[1] == "Nothing is asked about the public status page for INC-1."
    assert answers[2].startswith("INC-1 ")
    assert answers[3].startswith("INC-1: Not an incident, says Bo")
    refused = [words for actor, words in await story(database, 1) if actor == "Ada Agent"]
    assert any(words.startswith("Did not not-an-incident in a note on #1") for words in refused)


async def test_a_command_that_fails_stops_nothing(database: Database, monkeypatch: pytest.MonkeyPatch):
    """It undoes itself alone; the note is answered, and the ticket is taken in."""
    from incidents.process.obeying import notes

    async def broken(*_args: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(notes, "carry_out", broken)
    await taken(database, a_note("/liaison status"), given=[a_ticket(1)])
    (told,) = await said(database)
    assert told.startswith("Not done: `status` failed by a fault of Liaison's")
    assert await states(database) == ["reported"]


def _quiet_notes(count: int, **changes) -> list[TicketEvent]:
    return [
        a_note(f"/liaison note number {n}", id=f"n{n}", at=NOW + MINUTE + n * timedelta(seconds=1), **changes)
        for n in range(count)
    ]


async def test_what_counts_for_nothing_takes_no_place(database: Database):
    """Fifty customers' comments that begin like a command: the agent's, written last, is obeyed."""
    await taken(database, given=[a_ticket(1)])
    theirs = _quiet_notes(50, author=Author.CUSTOMER, is_public=True)
    await taken(database, *theirs, a_note("/liaison status", at=NOW + 2 * MINUTE), given=[a_ticket(1)])
    (told,) = await said(database)
    assert told.startswith("INC-1 ")


async def test_too_many_at_once_are_answered(database: Database):
    await taken(database, given=[a_ticket(1)])
    await taken(database, *_quiet_notes(22), given=[a_ticket(1)])
    answers = await said(database)
    too_many = "Not done: too many commands were written at once. Write it again."
    assert (len(answers), answers.count(too_many)) == (22, 2)
    assert answers[-2:] == [too_many, too_many]


@pytest.mark.parametrize(
    "words", ["escalate checkout sev1", "resolve", "update It works again.", "promise 45m"]
)
async def test_what_was_written_long_ago_is_answered_and_not_obeyed(database: Database, words):
    """First heard after an outage, or with a ticket that is seen for the first time."""
    await taken(database, given=[a_ticket(1)])
    await taken(database, a_note(f"/liaison {words}", at=NOW - timedelta(hours=26)), given=[a_ticket(1)])
    (told,) = await said(database)
    assert f"`{words.split()[0]}` was said at " in told
    assert "and heard 26 h 01 min later" in told
    assert "may no longer hold. Say it again if it does." in told
    assert await states(database) == ["reported"]
    async with database.transaction() as tx:
        kinds = set((await tx.execute(select(effects.c.kind))).scalars())
    assert EffectKind.PAGE.value not in kinds


async def test_to_ask_is_never_too_old(database: Database):
    await taken(database, given=[a_ticket(1)])
    await taken(database, a_note("/liaison status", at=NOW - timedelta(hours=26)), given=[a_ticket(1)])
    (told,) = await said(database)
    assert told.startswith("INC-1 ")
