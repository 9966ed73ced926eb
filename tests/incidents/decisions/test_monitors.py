"""Monitors are told once that somebody has an incident's problems, and that nobody has any more."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from incidents.alerts.episodes import Episode, EpisodeEnd
from incidents.alerts.telling import alerts_changed
from incidents.basis import Basis
from incidents.case import Plan
from incidents.decisions.participants.monitors import with_monitors
from incidents.effects import EffectKind, NoteText, Nothing
from incidents.models import IncidentState
from incidents.texts.messages import internal
from tests.incidents.builders import NOW, a_case, a_policy, an_incident

S = IncidentState
ICINGA = "icinga2/main"
BASIS = Basis(a_policy(alerts={"acknowledge": [ICINGA]}), NOW)


def an_episode(key: str, **changes) -> Episode:
    values = {"connection": ICINGA, "key": key, "started_at": NOW, "changed_at": NOW} | changes
    return Episode(**values)


FIRING = an_episode("web!http")
OTHERS = [
    an_episode("ended", end=EpisodeEnd.TOLD, ended_at=NOW),
    an_episode("elsewhere", connection="alertmanager/main"),
]


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (S.ESCALATED, S.ACKNOWLEDGED, EffectKind.ALERT_ACKNOWLEDGE),
        (S.ACKNOWLEDGED, S.ESCALATED, EffectKind.ALERT_UNACKNOWLEDGE),
        (S.ACKNOWLEDGED, S.RESOLVED, EffectKind.ALERT_UNACKNOWLEDGE),
        (S.ACKNOWLEDGED, S.ACKNOWLEDGED, None),
        (S.RESOLVED, S.REOPENED, None),
        (S.CONFIRMED, S.ESCALATED, None),
    ],
)
def test_when_it_is_told(before, after, kind):
    """With whom has it; only at monitors that the policy names, and only what fires there. What it is fixed for and
    fires all the same is nobody's."""
    case = a_case(an_incident(before))
    plan = Plan(incident=an_incident(after, responder="Jane Doe"))
    told = with_monitors(case, plan, [FIRING, *OTHERS], BASIS)
    if kind is None:
        assert told == plan
        return
    (effect,) = told.effects
    assert (effect.kind, effect.connection, effect.target) == (kind, ICINGA, "web!http")
    words = NoteText(text=internal("INC-7: Jane Doe is on it"))
    assert effect.payload == (words if kind is EffectKind.ALERT_ACKNOWLEDGE else Nothing())


def test_taken_again_is_told_again():
    case, plan = a_case(an_incident(S.ESCALATED)), Plan(incident=an_incident(S.ACKNOWLEDGED))
    keys = {
        with_monitors(case, plan, [FIRING], replace(BASIS, now=NOW + timedelta(minutes=minutes)))
        .effects[0]
        .key
        for minutes in (0, 0, 5)
    }
    assert len(keys) == 2


def test_taken_again_before_anybody_looked_is_told_again():
    """What we last saw is our own acknowledgement, which was taken back: the monitor knows better."""
    seen = replace(FIRING, is_silenced=True)
    told = with_monitors(
        a_case(an_incident(S.ESCALATED)), Plan(incident=an_incident(S.ACKNOWLEDGED)), [seen], BASIS
    )
    assert [effect.kind for effect in told.effects] == [EffectKind.ALERT_ACKNOWLEDGE]


@pytest.mark.parametrize(("state", "count"), [(S.ACKNOWLEDGED, 1), (S.ESCALATED, 0)])
def test_what_joins_is_had_by_who_has_it(state, count):
    plan = alerts_changed(a_case(an_incident(state)), [FIRING, *OTHERS], [], BASIS)
    assert [effect.kind for effect in plan.effects] == [EffectKind.ALERT_ACKNOWLEDGE] * count
