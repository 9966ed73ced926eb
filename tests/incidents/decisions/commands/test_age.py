"""How long a command counts, and from when a promise in it is reckoned."""

from __future__ import annotations

from datetime import timedelta

import pytest

from incidents.basis import Basis
from incidents.case import Case
from incidents.commands.asked import Asked
from incidents.commands.verbs import Verb
from incidents.commands.words import Command, PromiseBy, Resolve, Status
from incidents.decisions.commands.age import OLDEST, refuse_what_is_old
from incidents.decisions.commands.obeying import Obeyed, obey
from incidents.errors import Refused
from incidents.models import IncidentState
from tests.incidents.builders import NOW, ROOM_LINE, a_case, a_page_line, a_policy, an_incident

MINUTE = timedelta(minutes=1)


def asked(verb: Verb, command: Command, *, ago: timedelta) -> Asked:
    return Asked(verb=verb, command=command, by="Ada", at=NOW - ago, where="in a note on #1", mark="m")


def a_known_case() -> Case:
    return a_case(an_incident(IncidentState.ESCALATED), ledger=[a_page_line(), ROOM_LINE])


def obeyed(wanted: Asked) -> Obeyed:
    return obey(a_known_case(), wanted, Basis(a_policy(), NOW))


def test_the_oldest_that_counts():
    refuse_what_is_old(asked(Verb.RESOLVE, Resolve(), ago=OLDEST), now=NOW)
    refuse_what_is_old(asked(Verb.STATUS, Status(), ago=100 * OLDEST), now=NOW)
    with pytest.raises(Refused, match="Say it again if it does"):
        refuse_what_is_old(asked(Verb.RESOLVE, Resolve(), ago=OLDEST + MINUTE), now=NOW)


def test_what_is_too_old_changes_nothing():
    found = obeyed(asked(Verb.RESOLVE, Resolve(), ago=2 * OLDEST))
    assert (found.plan.effects, found.plan.entries) == ((), ())
    assert found.said is not None
    assert "may no longer hold" in found.said


def test_a_promise_is_reckoned_from_when_it_was_written():
    wanted = asked(Verb.PROMISE, PromiseBy(after=45 * MINUTE), ago=20 * MINUTE)
    assert obeyed(wanted).plan.incident.next_update_at == NOW + 25 * MINUTE


def test_a_promise_whose_time_has_passed_meanwhile_is_not_made():
    found = obeyed(asked(Verb.PROMISE, PromiseBy(after=15 * MINUTE), ago=20 * MINUTE))
    assert found.plan.updates == ()
    assert found.said is not None
    assert "has passed by now; name a later time" in found.said


def test_a_helpdesk_whose_clock_is_ahead_promises_nothing_later():
    wanted = asked(Verb.PROMISE, PromiseBy(after=45 * MINUTE), ago=-10 * MINUTE)
    assert obeyed(wanted).plan.incident.next_update_at == NOW + 45 * MINUTE
