"""What is decided does not hang on the language: the same effects, keys and states, and nothing is told twice when it
was changed in between."""

from __future__ import annotations

from dataclasses import replace

import pytest

from incidents.basis import Basis
from incidents.case import NOBODY, Actor, EntryKind
from incidents.decisions import escalation, validation
from incidents.decisions.closing.word import ClosingWord, close_by_name
from incidents.decisions.ownership.hand_over import HandOver, hand_over
from incidents.decisions.similar import Precedent, known_fixes, tell_precedents
from incidents.decisions.sync import resolved
from incidents.models import Evidence, IncidentState, Verdict
from incidents.texts.team import team_reads
from tests.incidents.builders import NOW, a_case, a_page_line, a_policy, an_incident, tickets

S = IncidentState


def a_paged_case(state=S.ESCALATED):
    return a_case(an_incident(state, verdict=Verdict.CONFIRMED), tickets(2), ledger=[a_page_line()])


BASIS = Basis(a_policy(), NOW)
LIKE = Precedent(
    incident="INC-3", probability=0.71, is_open=False, fixed_by="Rolled back", reasons=('both say "voucher"',)
)
OPEN = Precedent(incident="INC-4", probability=0.6, is_open=True, fixed_by="", reasons=())
CONFIRMED = an_incident(S.CONFIRMED, verdict=Verdict.CONFIRMED)


def decisions():
    yield "validated", lambda: validation.decide(a_case(S.VALIDATING, tickets(3)), [], [], BASIS)
    yield "escalated", lambda: escalation.decide(a_case(CONFIRMED, tickets(3)), (), BASIS, by_hand="Ada")
    yield "fixed", lambda: resolved(a_paged_case(), "Ana", BASIS)
    yield "ended", lambda: resolved(a_paged_case(), None, BASIS)
    yield "handed", lambda: hand_over(a_paged_case(), HandOver(to="Bo", by="Ada"), BASIS)
    yield (
        "closed",
        lambda: (
            close_by_name(
                a_paged_case(S.RESOLVED), ClosingWord(by="Ada", why="phoned", where="in chat"), BASIS
            ).plan
        ),
    )
    yield "alike", lambda: tell_precedents(a_case(CONFIRMED, tickets(1)), [LIKE, OPEN], now=NOW)


@pytest.mark.parametrize(
    ("name", "decide"), list(decisions()), ids=lambda one: one if isinstance(one, str) else ""
)
def test_the_same_is_decided_whatever_is_read(name, decide):
    """All but the words: what happens once in English does not happen again in German."""

    def shape(plan):
        keys = [(one.key, one.once, one.kind, one.connection, one.target) for one in plan.effects]
        entries = [(one.kind, one.actor) for one in plan.entries]
        evidence = [replace(one, text="") for one in plan.incident.evidence]
        return keys, entries, replace(plan.incident, evidence=tuple(evidence))

    english = decide()
    with team_reads("de"):
        german = decide()
    assert shape(german) == shape(english)
    assert [one.text for one in german.entries] != [one.text for one in english.entries]


@pytest.mark.parametrize(("first", "then"), [("en", "de"), ("de", "en"), ("de", "de")])
def test_what_was_told_of_precedents_is_known_in_another_language(first, then):
    case = a_case(CONFIRMED, tickets(1))
    with team_reads(first):
        plan = tell_precedents(case, [LIKE, OPEN], now=NOW)
    after = replace(case, incident=plan.incident)
    assert len(plan.incident.evidence) == len(case.incident.evidence) + 2
    with team_reads(then):
        assert tell_precedents(after, [LIKE, OPEN], now=NOW).entries == ()
        (fix,) = known_fixes(after)
    assert "Rolled back" in fix


def test_what_an_older_version_has_told_of_precedents_is_known_by_its_words():
    """Its evidence has no mark."""
    case = a_case(CONFIRMED, tickets(1))
    told = tell_precedents(case, [LIKE], now=NOW).incident
    old = tuple(replace(one, about=None) for one in told.evidence)
    after = replace(case, incident=replace(told, evidence=old))
    assert tell_precedents(after, [LIKE], now=NOW).entries == ()
    assert len(known_fixes(after)) == 1
    other = Evidence(source="similar", text="like INC-9, closed (60 %)", at=NOW)
    assert known_fixes(replace(case, incident=replace(told, evidence=(other,)))) == []


@pytest.mark.parametrize("language", ["en", "de"])
def test_that_nobody_resolved_a_page_is_said_by_the_actor(language):
    """Pages in vain are counted by it; only older lines have it in their text alone."""
    with team_reads(language):
        (entry,) = [
            one for one in resolved(a_paged_case(), None, BASIS).entries if one.kind is EntryKind.RESOLVED
        ]
    assert entry.actor == Actor.ON_CALL_TOOL
    assert entry.text.startswith(NOBODY) == (language == "en")
