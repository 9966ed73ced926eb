"""Merging in the store: what belongs to the one is the other's, in one transaction, whoever else is at work."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from incidents.case import PROGRESS
from incidents.commands.verbs import Verb
from incidents.decisions.chat_rights import CheckedCommand
from incidents.decisions.merging.merge import Merging
from incidents.decisions.merging.split import Splitting
from incidents.decisions.participants.issue import issue_key
from incidents.effects import EffectKind, EffectState, IssueText, customer_message, ticket_note
from incidents.errors import NotFound, Refused
from incidents.events import ChatCommand
from incidents.models import IncidentState, Page, Severity
from incidents.process.commands import incident_of
from incidents.process.intake import join_and_tell
from incidents.process.merging import Merged, merge
from incidents.process.splitting import split
from incidents.process.sync import follow_and_obey
from incidents.store.cases import incident_bound_to, load_case
from incidents.store.database import Database
from incidents.store.issues import keep_issue
from incidents.store.ledger.effects import bind, plan_effects
from incidents.store.merging.handing import where_it_goes_on
from incidents.store.retention import delete_incidents, old_incidents
from incidents.store.schema.tables import alert_episodes, effects, incidents, issues, sla_clocks, tickets
from incidents.texts.messages import customer_message as rendered
from incidents.texts.messages import internal
from insights.store.past_tickets import past_tickets
from tests.incidents.builders import NOW, a_policy, a_ticket
from tests.incidents.process.test_process import PROMISED, a_step
from tests.incidents.store.examples import effect

HOUR = timedelta(hours=1)
BO = Merging(by="Bo")
SEARCH = {"subject": "The search finds nothing", "body": "None."}
PAGE = Page(summary="s", source="s", severity=Severity.HIGH)
HELLO = rendered("Hello", customer_name="", service="", incident="", next_update="")


async def two(database: Database, *, policy=None) -> tuple[int, int]:
    """INC-1 of the checkout with ticket 1, and INC-2 of the search with tickets 2 and 3."""
    async with database.transaction() as tx:
        given = [a_ticket(1), a_ticket(2, **SEARCH), a_ticket(3, **SEARCH)]
        (first, second) = sorted((await join_and_tell(a_step(tx, policy=policy), given, ())).incidents)
    return first, second


async def merged(database: Database, loser: int, survivor: int, **given) -> Merged:
    async with database.transaction() as tx:
        return await merge(a_step(tx, **given), loser, survivor, BO)


async def test_all_that_belongs_to_it_is_the_others(database: Database):
    first, second = await two(database)
    async with database.transaction() as tx:
        case = await load_case(tx, second)
        await plan_effects(
            tx,
            [
                customer_message(second, a_ticket(2).ref, case.once(PROGRESS), HELLO, "customer-2"),
                ticket_note(second, a_ticket(3).ref, case.once(f"{PROGRESS}:by-hand"), internal("tell them")),
                ticket_note(second, a_ticket(3).ref, case.once("escalated"), internal("paged")),
                effect(
                    issue_key(case), incident_id=second, kind=EffectKind.ISSUE_OPEN,
                    payload=IssueText(title="t", text=internal("t")), connection="redmine/main",
                ),
            ],
        )  # fmt: skip
        await tx.execute(update(effects).values(state="done", sent_at=NOW))
        await keep_issue(tx, "redmine/main", "77", second, now=NOW)
        for kind, name in (("page", "key-2"), ("room", "C2")):
            await bind(tx, "x/y", kind, name, incident_id=second)
        await tx.execute(
            alert_episodes.insert().values(
                connection="alerta/main",
                key="k",
                started_at=NOW,
                changed_at=NOW,
                labels=[],
                incident_id=second,
            )
        )
    done = await merged(database, second, first, now=NOW + HOUR)
    assert (done.is_new, done.said) == (
        True,
        f"INC-{second} was merged into INC-{first}, with 2 tickets. INC-{first} goes on.",
    )
    async with database.transaction() as tx:
        case, ended = await load_case(tx, first), await load_case(tx, second)
        keys = set((await tx.execute(select(effects.c.key).where(effects.c.incident_id == first))).scalars())
        owners = [
            list((await tx.execute(select(table.c.incident_id))).scalars())
            for table in (alert_episodes, issues)
        ]
        bound = [
            await incident_bound_to(tx, "x/y", kind, name)
            for kind, name in (("page", "key-2"), ("room", "C2"))
        ]
        marks = list((await tx.execute(select(effects.c.once).where(effects.c.about_ticket))).scalars())
    assert [item.ticket.ref.id for item in case.tickets] == ["1", "2", "3"]
    assert case.tickets[1].reason.startswith(f"INC-{second}, which was merged into it: ")
    assert ended.tickets == ()
    assert (ended.incident.state, ended.incident.merged_into) == (IncidentState.MERGED, first)
    assert ended.incident.next_stage is None
    here = f"liaison:{case.instance}:INC-{first}"
    ref2, ref3 = a_ticket(2).ref, a_ticket(3).ref
    assert {f"{here}:g1:{PROGRESS}:{ref2}", f"{here}:g1:{PROGRESS}:by-hand:{ref3}", f"{here}:issue"} <= keys
    assert f"liaison:{case.instance}:INC-{second}:g1:escalated:{ref3}" in keys
    assert f"liaison:{case.instance}:INC-{second}:g1:{PROGRESS}" in marks, (
        "at the vendor it stays as it was sent"
    )
    assert owners == [[first], [first]]
    assert bound == [first, first]


async def test_who_was_told_there_is_not_told_here(database: Database):
    """The key under which the other one would tell them is taken; who was told in both keeps both."""
    first, second = await two(database)
    async with database.transaction() as tx:
        ours, theirs = await load_case(tx, first), await load_case(tx, second)
        ref = a_ticket(2).ref
        before = [
            customer_message(case.incident.id, ref, case.once(PROGRESS), HELLO, "2")
            for case in (ours, theirs)
        ]
        await plan_effects(tx, before)
    await merged(database, second, first)
    async with database.transaction() as tx:
        again = [customer_message(first, a_ticket(n).ref, ours.once(PROGRESS), HELLO, str(n)) for n in (2, 3)]
        await plan_effects(tx, again)
        said = await tx.execute(select(effects.c.target).where(effects.c.kind == "customer_message"))
        assert sorted(said.scalars()) == ["2", "2", "3"]


@pytest.mark.parametrize(
    ("state", "sent_at", "is_left"),
    [
        ("pending", None, False),
        ("pending", NOW, True),
        ("sending", None, True),
        ("unknown", NOW, True),
        ("done", NOW, True),
    ],
)
async def test_only_what_surely_was_not_sent_is_wanted_no_more(database: Database, state, sent_at, is_left):
    """A page that may have rung is resolved behind itself instead, in its lane."""
    first, second = await two(database)
    key = f"liaison:test:INC-{second}:g1:page:0"
    async with database.transaction() as tx:
        page = effect(
            key,
            incident_id=second,
            kind=EffectKind.PAGE,
            connection="pagerduty/main",
            target=key,
            payload=PAGE,
        )
        note = effect(
            "n", incident_id=second, kind=EffectKind.PAGE_NOTE, connection="pagerduty/main", target=key
        )
        room = effect(
            "post", incident_id=second, kind=EffectKind.PAGE_NOTE, connection="slack/main", target="elsewhere"
        )
        await plan_effects(tx, [page, note, room])
        await tx.execute(update(effects).where(effects.c.key == key).values(state=state, sent_at=sent_at))
    await merged(database, second, first)
    async with database.transaction() as tx:
        rows = await tx.execute(
            select(effects.c.key, effects.c.kind).where(effects.c.target == key).order_by(effects.c.id)
        )
        kinds = [row.kind for row in rows]
        others = list(
            (await tx.execute(select(effects.c.key).where(effects.c.target == "elsewhere"))).scalars()
        )
    assert kinds == (["page", "page_note", "page_note", "page_resolve"] if is_left else [])
    assert others == ["post"], "what goes another way goes on"


async def test_the_promises_go_along(database: Database):
    """The incident's own are withdrawn; its tickets' are counted by the severity that they are of now."""
    policy = a_policy(sla={"policies": [PROMISED]})
    first, second = await two(database, policy=policy)
    await merged(database, second, first, policy=policy, now=NOW + HOUR / 4)
    async with database.transaction() as tx:
        rows = list(await tx.execute(select(sla_clocks.c.subject, sla_clocks.c.is_withdrawn)))
    withdrawn = {row.subject for row in rows if row.is_withdrawn}
    assert withdrawn == {f"INC-{second}"}
    assert {f"zendesk/support#{number}" for number in (1, 2, 3)} <= {row.subject for row in rows}


async def test_what_arrives_later_is_the_others(database: Database):
    first, second = await two(database)
    await merged(database, second, first)

    def command(verb: Verb, incident: str | None = None, room: str = "C2") -> ChatCommand:
        return ChatCommand(
            connection="slack/main", room_id=room, user="Bo", verb=verb, at=NOW, incident=incident, text="restarted"
        )  # fmt: skip

    async with database.transaction() as tx:
        await bind(tx, "slack/main", "room", "C2", incident_id=second)  # by a delivery that was under way
        assert await where_it_goes_on(tx, second) == first
        assert await incident_of(tx, command(Verb.NOTE, f"INC-{second}"), a_policy()) == first
        notes = [CheckedCommand(command=command(Verb.NOTE, name)) for name in (None, f"INC-{second}")]
        await follow_and_obey(a_step(tx), [], notes, [])
        later = await join_and_tell(
            a_step(tx, now=NOW + HOUR), [a_ticket(2, version=2, assignee="Ada", **SEARCH)], ()
        )
        case, ended = await load_case(tx, first), await load_case(tx, second)
        said = list(
            (await tx.execute(text("select text from timeline where incident_id = :n"), {"n": first})).all()
        )
        answers = (
            await tx.execute(select(effects.c.payload["text"].astext).where(effects.c.kind == "chat_answer"))
        ).scalars()
    assert later.incidents == (first,)
    assert case.incident.owner == "Ada"
    assert ended.incident.owner is None
    assert [row.text for row in said].count("restarted") == 2
    assert f"INC-{second} was merged into INC-{first}. INC-{first}: done" in "\n".join(answers)


async def test_a_command_that_makes_no_sense_is_answered_with_the_cure(database: Database):
    first, second = await two(database)

    def asked(incident: str | None, words: str) -> CheckedCommand:
        command = ChatCommand(
            connection="slack/main", room_id="C9", user="Bo", verb=Verb.MERGE, at=NOW, incident=incident, text=words
        )  # fmt: skip
        return CheckedCommand(command=command)

    commands = [
        asked(None, ""),
        asked(f"INC-{first}", f"INC-{first}"),
        asked(f"INC-{first}", "INC-99"),
        asked(f"INC-{second}", f"into INC-{first}"),
    ]
    async with database.transaction() as tx:
        touched = await follow_and_obey(a_step(tx), [], commands, [])
        rows = await tx.execute(
            select(effects.c.payload).where(effects.c.kind == "chat_answer").order_by(effects.c.id)
        )
        answers = list(rows.scalars())
    assert set(touched) == {first, second, None}
    assert all(one["is_private"] for one in answers)
    words = [one["text"] for one in answers]
    assert words[0].startswith("Which two? `merge INC-7 INC-2`")
    assert f"INC-{first} cannot be merged into itself" in words[1]
    assert words[2] == "there is no INC-99."
    assert f"INC-{second} was merged into INC-{first}, with 2 tickets." in words[3]


async def test_a_merge_waits_for_a_join_and_loses_none(database: Database):
    """A ticket that joins the one that ends, at the very moment, is the other's when both are through."""
    first, second = await two(database)
    joined = asyncio.Event()

    async def join() -> None:
        async with database.transaction() as tx:
            await join_and_tell(a_step(tx), [a_ticket(4, **SEARCH)], ())
            joined.set()

    async def merge_it() -> None:
        await joined.wait()
        await merged(database, second, first)

    await asyncio.gather(join(), merge_it())
    async with database.transaction() as tx:
        assert len((await load_case(tx, first)).tickets) == 4


async def test_a_transaction_that_fails_has_merged_nothing(database: Database):
    first, second = await two(database)

    async def fail_at_the_end() -> None:
        async with database.transaction() as tx:
            await merge(a_step(tx), second, first, BO)
            raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        await fail_at_the_end()
    async with database.transaction() as tx:
        ended = await load_case(tx, second)
    assert (ended.incident.state, len(ended.tickets)) == (IncidentState.REPORTED, 2)


async def test_chains_are_short_and_go_away_in_order(database: Database):
    """Whatever was merged into it is merged into what it is merged into; retention takes the ends first."""
    first, second = await two(database)
    async with database.transaction() as tx:
        (third,) = (
            await join_and_tell(a_step(tx, now=NOW + 9 * HOUR), [a_ticket(9, created_at=NOW + 9 * HOUR)], ())
        ).incidents
    await merged(database, first, second)
    await merged(database, second, third)
    async with database.transaction() as tx:
        assert [await where_it_goes_on(tx, number) for number in (first, second, third)] == [third] * 3
        frame = await past_tickets(tx, until=NOW + 99 * HOUR)
        assert set(frame["duplicate_of"]) == {f"INC-{third}"}
    assert (await merged(database, first, second)).is_new is False
    with pytest.raises(Refused, match="merged into itself"):
        await merged(database, third, first)
    with pytest.raises(NotFound):
        await merged(database, third, 98)
    async with database.transaction() as tx:
        await tx.execute(update(incidents).where(incidents.c.id == third).values(state="closed"))
        await tx.execute(update(effects).values(state=EffectState.DONE.value))
        await tx.execute(update(tickets).values(status="closed"))
        late = NOW + 999 * HOUR
        for expected in ([first, second], [third]):
            found = await old_incidents(tx, before=late)
            assert found == expected
            await delete_incidents(tx, found)


async def test_a_ticket_that_is_split_off_stays_there(database: Database):
    """What was on its way about the first incident is not sent; whatever the helpdesk tells of it later, and whoever
    else reports the same, it is where the agent put it."""
    first, second = await two(database)
    ref = a_ticket(3).ref
    async with database.transaction() as tx:
        case = await load_case(tx, second)
        for number in (2, 3):
            message = customer_message(second, a_ticket(number).ref, case.once(PROGRESS), HELLO, str(number))
            await plan_effects(tx, [message])
    async with database.transaction() as tx:
        done = await split(a_step(tx), second, Splitting(ticket="#3", said=BO, into=first))
    assert done.said == f"#3 was split off INC-{second}; it goes on in INC-{first}."
    async with database.transaction() as tx:
        case = await load_case(tx, first)
        left = list(
            (await tx.execute(select(effects.c.target).where(effects.c.kind == "customer_message"))).scalars()
        )
        notes = await tx.execute(select(effects.c.payload["text"].astext).where(effects.c.target == ref.id))
        assert f"This ticket was split off INC-{second} by Bo." in "\n".join(notes.scalars())
        later = await join_and_tell(
            a_step(tx, now=NOW + HOUR), [a_ticket(3, version=2, **SEARCH), a_ticket(4, **SEARCH)], ()
        )
        again = {number: await load_case(tx, number) for number in (first, second)}
    assert left == ["2"]
    assert [item.reason for item in case.tickets if item.ticket.ref == ref] == [
        f"split off INC-{second} by Bo"
    ]
    assert later.joined == 1
    assert {item.ticket.ref.id for item in again[first].tickets} == {"1", "3"}
    assert {item.ticket.ref.id for item in again[second].tickets} == {"2", "4"}


async def test_an_incident_of_its_own_lets_reports_be(database: Database):
    """They are the first one's while that is open, also when it is merged meanwhile; then they are its own."""
    policy = a_policy(sla={"policies": [PROMISED]})
    first, second = await two(database, policy=policy)
    async with database.transaction() as tx:
        done = await split(a_step(tx, policy=policy), second, Splitting(ticket="3", said=BO))
        later = await join_and_tell(a_step(tx, policy=policy), [a_ticket(4, **SEARCH)], ())
        own = await load_case(tx, done.target)
    assert (own.incident.split_from, own.incident.state) == (second, IncidentState.REPORTED)
    assert later.incidents == (second,)
    await merged(database, second, first, policy=policy)
    async with database.transaction() as tx:
        assert (await load_case(tx, done.target)).incident.split_from == first
        after = await join_and_tell(a_step(tx, policy=policy), [a_ticket(5, **SEARCH)], ())
    # Of another service than what it goes on in: what is reported now is its own.
    assert after.incidents == (done.target,)


async def test_a_split_by_chat(database: Database):
    first, second = await two(database)
    words = (("3", "INC-99"), ("3", f"INC-{first}"), ("", ""))
    commands = [
        CheckedCommand(
            command=ChatCommand(
                connection="slack/main",
                room_id="C9",
                user="Bo",
                verb=Verb.SPLIT,
                at=NOW,
                incident=f"INC-{second}",
                text=" ".join(some),
            )
        )
        for some in words
    ]
    async with database.transaction() as tx:
        touched = await follow_and_obey(a_step(tx), [], commands, [])
        rows = await tx.execute(
            select(effects.c.payload).where(effects.c.kind == "chat_answer").order_by(effects.c.id)
        )
        answers = [row["text"] for row in rows.scalars()]
    assert set(touched) == {first, second, None}
    assert answers[0] == "there is no INC-99."
    assert answers[1] == f"#3 was split off INC-{second}; it goes on in INC-{first}."
    assert answers[2].startswith("Which ticket? `split 4711`")
