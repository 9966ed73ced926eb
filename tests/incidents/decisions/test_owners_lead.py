"""The lead of those who are accountable: paged for each silence, and nobody else's page stands for theirs."""

from __future__ import annotations

from dataclasses import replace

from incidents.basis import Basis
from incidents.case import Plan
from incidents.decisions.escalation import person_page
from incidents.effects import EffectKind
from incidents.policy.cadence import OnLapse
from incidents.policy.policy import Rung
from tests.incidents.builders import NOW, a_page_line, a_policy, after, of_kind
from tests.incidents.decisions.test_ownership import HOUR, owned, swept, with_ownership
from tests.incidents.decisions.test_updates import at, sweep, taken, then


def test_each_silence_pages_the_lead():
    """The timeline says that the lead is told only if a page says so, too."""
    policy = with_ownership(silent_after="4h", lead={"title": "Head of service", "pager_target": "head"})
    case = owned(opened_at=NOW - 9 * HOUR, owner_seen_at=NOW)
    first = swept(case, 240, policy)
    case = after(case, first)
    stirred = replace(case, incident=replace(case.incident, owner_seen_at=NOW + 10 * HOUR))
    second = swept(stirred, 14 * 60, policy)
    (page,), (another,) = (of_kind(plan, EffectKind.PAGE) for plan in (first, second))
    assert page.key != another.key
    assert "No word on INC-7 for 4 h 00 min: Ada Agent is accountable" in another.payload.summary
    assert [plan.entries[0].text.endswith("; the lead is told") for plan in (first, second)] == [True, True]
    assert after(stirred, second).page_keys == (a_page_line().key,)

    forgotten = replace(stirred, incident=replace(stirred.incident, owner_seen_at=NOW, owner_asked_at=None))
    again = swept(forgotten, 14 * 60, policy)
    assert not of_kind(again, EffectKind.PAGE)
    assert not again.entries[0].text.endswith("; the lead is told")


def test_the_owners_lead_and_the_teams_are_two_people():
    """Neither's page stands for the other's; the owners' lead is reminded on the page that is out, and told why."""
    policy = a_policy(
        cadence={"on_lapse": OnLapse.TELL_LEAD},
        ownership={"lead": Rung(title="Head of service", pager_target="head")},
    )
    team = policy.teams["payments"].model_copy(update={"lead": Rung(title="Lea", pager_target="lea")})
    policy = policy.model_copy(update={"teams": {**policy.teams, "payments": team}})
    basis = Basis(policy, at(60))
    engineers = person_page(taken(), "lead", team.lead, basis)
    for known in ((), (engineers,)):
        case = taken()
        case = after(case, Plan(incident=case.incident, effects=known))
        plan = sweep(case, 60, policy=policy)
        (page,) = of_kind(plan, EffectKind.PAGE)
        assert page.payload.target == "head"
        assert page.payload.summary.startswith("Customers were to hear from us by 13:00 UTC")
        case = then(case, plan, 60)
        assert case.line(person_page(case, "lead", team.lead, basis).key) == (
            case.line(engineers.key) if known else None
        )
        case = then(case, sweep(case, 61, policy=policy), 61)
        reminded = sweep(case, 120, policy=policy)
        assert not of_kind(reminded, EffectKind.PAGE)
        assert page.key in [note.target for note in of_kind(reminded, EffectKind.PAGE_NOTE)]
