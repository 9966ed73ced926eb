"""Customers who are hit and have not written: who is listed and why, and who is told what, once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from incidents.approval import Approval, ApprovalState, ApprovalSubject, Ruling
from incidents.basis import Basis
from incidents.case import OPENING, AffectedCustomer, Case, LedgerLine, Plan, outbound_key
from incidents.decisions import customers
from incidents.decisions.affected.listing import SUBJECT, UsedService, list_affected, services_hit
from incidents.decisions.affected.telling import with_affected
from incidents.decisions.closing.farewell import ON_A_WORD
from incidents.decisions.participants.approval import Spoken, ruled, ruled_by_words
from incidents.effects import EffectKind, EffectState
from incidents.models import Contact, IncidentState, Severity
from incidents.service_catalog.services import CatalogService
from incidents.texts.catalogue import CatalogueText, text_in
from incidents.texts.tongues import Wording
from tests.incidents.builders import (
    NOW,
    ROOM_LINE,
    a_case,
    a_page_line,
    a_policy,
    a_ticket,
    after,
    an_incident,
    kinds,
    of_kind,
    texts,
)

S = IncidentState
BY = "mail/support"
YES = Spoken(is_yes=True, by="Ada", where="in chat")


def policy(**changes):
    base = a_policy(affected={"by": BY, **changes})
    return base.model_copy(
        update={"customers": base.customers.model_copy(update={"directory": "customersql/crm"})}
    )


def basis(now=NOW, **changes):
    return Basis(policy(**changes), now)


def wrote(number, address):
    return a_ticket(number, requester=Contact(id=str(number), name=f"Customer {number}", email=address))


def a_hit_case(state=S.ESCALATED, linked=None, **changes):
    given = [wrote(1, "One@mail.example")] if linked is None else linked
    return a_case(an_incident(state, **changes), given, ledger=[a_page_line(), ROOM_LINE])


def users(*addresses, why="uses Checkout"):
    return UsedService(why=why, users=[Contact(id="", name="Zoe", email=one) for one in addresses])


@pytest.mark.parametrize(
    ("service", "hit"),
    [
        ("checkout", [("checkout", "uses Checkout")]),
        ("accounts", [("accounts", "uses Accounts"), ("checkout", "uses Checkout, which needs Accounts")]),
        ("search", [("search", "uses Search")]),
        ("gone", [("gone", "uses gone")]),
    ],
)
def test_services_that_are_hit_with_it(service, hit):
    """What cannot do without the broken one, however far away; the title is the one customers know."""
    assert list(services_hit(service, basis())) == hit


CATALOGUE = (
    CatalogService(name="Checkout", title="Checkout service", owner="", depends_on=("accounts", "orders-db")),
    CatalogService(name="mobile", title="Mobile shop", owner="", depends_on=("checkout",)),
    CatalogService(name="Search", title="search", owner="", depends_on=("Mobile",)),
    CatalogService(name="ads", title="Ads", owner="", depends_on=("ads-db",)),
)


@pytest.mark.parametrize(
    ("service", "ignore", "hit"),
    [
        (
            "accounts",
            [],
            [
                ("accounts", "uses Accounts"),
                ("checkout", "uses Checkout, which needs Accounts"),
                ("mobile", "uses Mobile shop, which needs Accounts by catalogfile/main"),
                ("search", "uses Search, which needs Accounts by catalogfile/main"),
            ],
        ),
        (
            "checkout",
            ["search"],
            [
                ("checkout", "uses Checkout"),
                ("mobile", "uses Mobile shop, which needs Checkout by catalogfile/main"),
            ],
        ),
        (
            "orders-db",
            [],
            [
                ("orders-db", "uses orders-db"),
                ("checkout", "uses Checkout, which needs orders-db by catalogfile/main"),
                ("mobile", "uses Mobile shop, which needs orders-db by catalogfile/main"),
                ("search", "uses Search, which needs orders-db by catalogfile/main"),
            ],
        ),
    ],
)
def test_services_that_are_hit_by_the_catalogue(service, ignore, hit):
    """The policy's word first; what only the catalogue says is named as its. What is ignored there is left alone."""
    catalog = a_policy().catalog.model_copy(update={"connection": "catalogfile/main", "ignore": ignore})
    rules = policy().model_copy(update={"catalog": catalog})
    assert list(services_hit(service, Basis(rules, NOW), CATALOGUE)) == hit


@pytest.mark.parametrize(
    ("used", "changes", "listed"),
    [
        ([users("a@x.example")], {}, ["a@x.example"]),
        ([users("a@x.example", " A@X.example "), users("a@x.example", why="other")], {}, ["a@x.example"]),
        ([users("one@MAIL.example", "a@x.example")], {}, ["a@x.example"]),
        ([users("")], {}, []),
        ([users("a@x.example", "b@y.example")], {"opt_outs": ["A@x.example"]}, ["b@y.example"]),
        ([users("a@x.example", "b@y.example")], {"opt_outs": ["@y.example"]}, ["a@x.example"]),
        ([users("a@x.example")], {"by": None}, []),
        ([users("a@x.example")], {"severity": Severity.CRITICAL}, []),
        ([], {}, []),
    ],
)
def test_who_is_listed(used, changes, listed):
    """Whom the directory knows, once; not who has written, nor who wishes none, nor where the policy says none."""
    plan = list_affected(a_hit_case(), used, basis(**changes))
    assert [one.address for one in plan.affected] == listed
    assert [one.subject for one in plan.approvals] == [SUBJECT] * bool(listed)


def test_the_directorys_own_word_is_respected():
    out = UsedService(why="uses Checkout", users=[Contact(id="", email="a@x.example", wishes_no_news=True)])
    assert list_affected(a_hit_case(), [out], basis()).affected == ()


@pytest.mark.parametrize("state", S)
def test_only_while_engineers_have_it(state):
    plan = list_affected(a_hit_case(state), [users("a@x.example")], basis())
    assert bool(plan.affected) is (state in (S.ESCALATED, S.ACKNOWLEDGED))


def test_asked_once_with_reasons_and_what_it_would_say():
    """The owner's ticket has who they are; the room reads how many, and why. Nobody is told by that."""
    case = a_hit_case()
    used = [users("a@x.example"), users("b@x.example", why="uses Shop, which needs Checkout")]
    plan = list_affected(case, used, basis())
    (note,), (post,) = of_kind(plan, EffectKind.TICKET_NOTE), of_kind(plan, EffectKind.CHAT_POST)
    for words in (
        "2 customers are known to use it and have not written (1 uses Checkout, 1 uses Shop, which needs Checkout)",
        "you use Checkout, so we tell you before you need ask",
        "approve INC-7 affected-customers",
        "Without an answer by 14:00 UTC nobody is told",
    ):
        assert words in note.payload.text
        assert words in post.payload.text
    assert "- Zoe <a@x.example>: uses Checkout" in note.payload.text
    assert "a@x.example" not in post.payload.text + plan.entries[0].text
    assert not of_kind(plan, EffectKind.OUTBOUND_MESSAGE)
    seen = replace(after(case, plan), approvals=plan.approvals, affected=plan.affected)
    assert list_affected(seen, used, basis()).affected == ()


def test_more_than_are_told_one_by_one():
    plan = list_affected(a_hit_case(), [users("a@x.example", "b@x.example")], basis(most=1))
    assert (plan.affected, kinds(plan)) == ((), [])
    assert "2 customers use it and have not written: more than are told one by one" in plan.entries[0].text
    assert [one.state for one in plan.approvals] == [ApprovalState.EXPIRED]


def a_question(state=ApprovalState.APPROVED, generation=1):
    return Approval(
        incident=7,
        generation=generation,
        subject=SUBJECT,
        state=state,
        asked_at=NOW,
        expires_at=NOW + timedelta(hours=2),
    )


LISTED = tuple(
    AffectedCustomer(incident=7, address=f"{name}@x.example", name=name.title(), reason="uses Checkout")
    for name in ("ann", "bea")
)


def a_listed_case(
    state=S.ESCALATED, approval=ApprovalState.APPROVED, told=(), linked=None, **changes
) -> Case:
    case = a_hit_case(state, linked, **changes)
    lines = [
        LedgerLine(
            key=outbound_key(case, one.mark, OPENING),
            kind=EffectKind.OUTBOUND_MESSAGE,
            state=told_state,
            connection=BY,
            target=one.mark,
        )
        for one, told_state in told
    ]
    return replace(case, ledger=(*case.ledger, *lines), approvals=(a_question(approval),), affected=LISTED)


def out(case, before=None, now=NOW):
    """Who is written to, and how the message begins."""
    plan = with_affected(before or case, Plan(incident=case.incident), basis(now))
    return [
        (one.payload.address, one.payload.text.splitlines()[2])
        for one in of_kind(plan, EffectKind.OUTBOUND_MESSAGE)
    ]


TOLD = "you use Checkout, so we tell you before you need ask: there is a problem with it, and {}. We have known of it since 11:55 UTC. There is nothing you need to do. We tell you when it works again."  # noqa: E501
DONE = EffectState.DONE


@pytest.mark.parametrize(
    ("case", "addresses"),
    [
        (a_listed_case(), ["ann@x.example", "bea@x.example"]),
        (a_listed_case(approval=ApprovalState.ASKED), []),
        (a_listed_case(approval=ApprovalState.DENIED), []),
        (a_listed_case(approval=ApprovalState.EXPIRED), []),
        (a_listed_case(told=[(LISTED[0], DONE)]), ["bea@x.example"]),
        (a_listed_case(told=[(LISTED[0], EffectState.DEAD)]), ["bea@x.example"]),
        (a_listed_case(linked=[wrote(1, "Ann@X.example")]), ["bea@x.example"]),
        (replace(a_listed_case(), has_all_tickets=False), []),
        (a_listed_case(S.ESCALATED, generation=2), ["ann@x.example", "bea@x.example"]),
        (a_listed_case(S.RESOLVED), []),
    ],
)
def test_who_is_told(case, addresses):
    """Once approved, each once in an incident's life; not who has written meanwhile, and not once it works again."""
    is_taken = case.incident.state is S.ACKNOWLEDGED
    state = "our engineers are working on it" if is_taken else "our engineers have been called"
    assert out(case) == [(address, TOLD.format(state)) for address in addresses]


@pytest.mark.parametrize(
    ("told", "linked", "addresses"),
    [
        ([], None, []),
        ([(LISTED[0], DONE)], None, ["ann@x.example"]),
        ([(LISTED[0], EffectState.PENDING), (LISTED[1], EffectState.DEAD)], None, ["ann@x.example"]),
        # They answered meanwhile: their own thread has the last message.
        ([(LISTED[0], DONE)], [wrote(1, "ann@x.example")], []),
    ],
)
def test_who_is_told_the_end(told, linked, addresses):
    """Those who were told that it is broken, when everybody is told that it works again; nobody else."""
    before = a_listed_case(S.RESOLVED, told=told, linked=linked)
    closing = replace(before, incident=an_incident(S.CLOSING))
    assert [address for address, _ in out(closing, before)] == addresses
    assert out(closing, closing) == []


@pytest.mark.parametrize(
    ("probes", "checks", "says"),
    [
        (["probe/checkout"], 0, CatalogueText.AFFECTED_FIXED),
        (["probe/checkout"], ON_A_WORD, CatalogueText.AFFECTED_FIXED_UNCHECKED),
        ([], 0, CatalogueText.AFFECTED_FIXED_UNCHECKED),
    ],
)
def test_what_nobody_checked_is_not_said_to_be_fixed(probes, checks, says):
    """They read whose word it is, as those who wrote do; the plan knows, not the case before it."""
    before = a_listed_case(S.RESOLVED, told=[(LISTED[0], DONE)])
    known = basis()
    service = known.policy.service("checkout").model_copy(update={"probes": probes})
    policy = known.policy.model_copy(update={"services": {**known.policy.services, "checkout": service}})
    closing = Plan(incident=replace(before.incident, state=S.CLOSING, checks=checks))
    (end,) = of_kind(with_affected(before, closing, Basis(policy, NOW)), EffectKind.OUTBOUND_MESSAGE)
    told = text_in("en", says).replace("{{ service }}", "Checkout").replace("{{ incident }}", "INC-7")
    assert end.payload.text == told


@pytest.mark.parametrize(
    ("state", "hours", "expires"),
    [(S.ESCALATED, 1, False), (S.ESCALATED, 2, True), (S.RESOLVED, 1, True), (S.CLOSED, 1, True)],
)
def test_a_question_that_nobody_answered(state, hours, expires):
    case = a_listed_case(state, ApprovalState.ASKED)
    plan = with_affected(case, Plan(incident=case.incident), basis(NOW + timedelta(hours=hours)))
    assert [one.state for one in plan.approvals] == [ApprovalState.EXPIRED] * expires
    assert ("No customer who has not written is told" in texts(plan)) is expires


def test_a_yes_by_name():
    case = a_listed_case(approval=ApprovalState.ASKED)
    ruling = Ruling(subject=SUBJECT, is_yes=True, by="Ada", where="in chat", why="they would call")
    found = ruled(case, ruling, basis())
    assert found.counts
    assert (
        "Ada approved at 12:00 UTC that customers who have not written are told (they would call)"
        in found.said
    )
    told = with_affected(case, found.plan, basis())
    assert len(of_kind(told, EffectKind.OUTBOUND_MESSAGE)) == 2


BOTH = [SUBJECT, ApprovalSubject.STATUS_PAGE]


@pytest.mark.parametrize(
    ("words", "asked", "subject", "why"),
    [
        ("many are hit", [SUBJECT], SUBJECT, "many are hit"),
        ("affected-customers yes", BOTH, SUBJECT, "yes"),
        ("affected-customers", BOTH, SUBJECT, ""),
        ("Status-Page: many are hit", BOTH, ApprovalSubject.STATUS_PAGE, "many are hit"),
        ("status-pages are fine", [SUBJECT], SUBJECT, "status-pages are fine"),
    ],
)
def test_what_a_yes_in_chat_is_about(words, asked, subject, why):
    """What it names; else the one thing that is asked."""
    questions = tuple(replace(a_question(ApprovalState.ASKED), subject=one) for one in asked)
    found = ruled_by_words(replace(a_hit_case(), approvals=questions), words, YES, basis())
    assert found.counts
    assert [(one.subject, one.why) for one in found.plan.approvals] == [(subject, why)]


@pytest.mark.parametrize(
    ("words", "asked", "said"),
    [
        ("", [], "Nothing is asked about the public status page for INC-7."),
        ("Status-Page", [SUBJECT], "Nothing is asked about the public status page for INC-7."),
        (
            "yes",
            BOTH,
            (
                "INC-7: several things are asked. Say which: `approve INC-7 affected-customers`; "
                "`approve INC-7 status-page`."
            ),
        ),
    ],
)
def test_what_a_yes_in_chat_does_not_allow(words, asked, said):
    """Where several are asked, a bare yes approves none of them by accident."""
    questions = tuple(replace(a_question(ApprovalState.ASKED), subject=one) for one in asked)
    found = ruled_by_words(replace(a_hit_case(), approvals=questions), words, YES, basis())
    assert (found.counts, found.plan.approvals, found.said) == (False, (), said)


@pytest.mark.parametrize(
    ("what", "state", "is_told"),
    [
        ("progress", DONE, False),
        ("progress", EffectState.PENDING, False),
        ("progress", EffectState.DEAD, True),
        ("fixed", DONE, True),
    ],
)
def test_who_was_told_before_they_wrote_has_no_first_message_again(what, state, is_told):
    """The last one they have in their own thread."""
    ticket = wrote(5, "ANN@x.example")
    case = a_listed_case(told=[(LISTED[0], state)])
    found = customers.tell(case, [ticket], basis(), wording=Wording(CatalogueText.PROGRESS), what=what)
    assert bool(found) is is_told
