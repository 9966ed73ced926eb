"""Customers could read what was for colleagues: who is told, and what they read."""

from __future__ import annotations

import pytest

from incidents.basis import Basis
from incidents.decisions.ownership.exposure import Exposure, tell_of_exposure
from incidents.effects import EffectKind
from incidents.policy.policy import Rung
from tests.incidents.builders import NOW, a_policy, after, of_kind
from tests.incidents.decisions.test_updates import taken

WHY = "zendesk: the note on ticket 1 was stored as public, and customers could read it; it is hidden now"
MANY = Exposure(once="k", connection="zendesk/support", targets=tuple(str(n) for n in range(12)), why=WHY)
HEAD = Rung(title="Head of service", pager_target="head")
LEA = Rung(title="Lea", pager_target="lea")
WHOLE = (
    "Customers could read a note for colleagues at zendesk/support (0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more)."
    f" {WHY}. No further note goes there until somebody says that this is mended: `liaison held`"
)


@pytest.mark.parametrize(
    ("alarm", "owners_lead", "teams_lead", "paged"),
    [
        (HEAD, LEA, LEA, "head"),
        (None, HEAD, LEA, "head"),
        (None, None, LEA, "lea"),
        (None, None, None, None),
    ],
)
def test_whoever_the_policy_names_is_paged_once_and_reads_why(
    alarm: Rung | None, owners_lead: Rung | None, teams_lead: Rung | None, paged: str | None
):
    """With nobody named, it stands on the engineers' pages. The ticket's own helpdesk is told nothing."""
    policy = a_policy(egress={"alarm": alarm}, ownership={"lead": owners_lead})
    team = policy.teams["payments"].model_copy(update={"lead": teams_lead})
    policy = policy.model_copy(update={"teams": {**policy.teams, "payments": team}})
    basis, case = Basis(policy, NOW), taken()
    plan = tell_of_exposure(case, MANY, basis)
    assert [entry.text for entry in plan.entries] == [WHOLE]
    pages, notes = of_kind(plan, EffectKind.PAGE), of_kind(plan, EffectKind.PAGE_NOTE)
    if paged is None:
        assert not pages
        assert {note.payload.text for note in notes} == {WHOLE}
        return
    (page,) = pages
    assert page.payload.target == paged
    assert page.payload.summary.startswith(
        "Customers could read a note for colleagues at zendesk/support (0, 1"
    )
    assert page.payload.details[0] == ("Why you are paged", WHOLE)
    assert not of_kind(plan, EffectKind.TICKET_NOTE)
    another = Exposure(once="other", connection="zendesk/support", targets=("99",), why=WHY)
    later = tell_of_exposure(after(case, plan), another, basis)
    assert not of_kind(later, EffectKind.PAGE)
    (note,) = of_kind(later, EffectKind.PAGE_NOTE)
    assert note.target == page.key
