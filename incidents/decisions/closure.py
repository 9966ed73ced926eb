"""Over only when proven: look again, tell every customer once, settle the tickets, then close."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from incidents.alerts.episodes import Episode
from incidents.alerts.telling import proof_words
from incidents.basis import Basis
from incidents.case import Case, Entry, EntryKind, Plan
from incidents.decisions.closing.farewell import tell_everybody
from incidents.decisions.closing.over import over
from incidents.decisions.closing.waiting import outstanding, wait
from incidents.decisions.posts import tell_engineers
from incidents.lifecycle import reopen
from incidents.models import IncidentState, ProbeResult, Stage
from incidents.texts.team import worded

# A deployment needs a moment to reach every machine; a look that is red for longer is a failed fix.
MAX_RED_LOOKS = 3
_BLIND_FOR = timedelta(minutes=5)


def decide(case: Case, looks: Sequence[ProbeResult], basis: Basis, *, alerts: Sequence[Episode] = ()) -> Plan:
    """The next step of an incident that is said to be fixed; any other incident is left as it is.

    `alerts` are those that are told in it: their end is no proof, and is told beside what probes saw.
    """
    if case.incident.state is IncidentState.RESOLVED:
        return _prove(case, looks, basis, alerts)
    if case.incident.state is IncidentState.CLOSING:
        return _close(case, basis)
    return Plan(incident=case.incident)


def _prove(case: Case, looks: Sequence[ProbeResult], basis: Basis, alerts: Sequence[Episode]) -> Plan:
    """`checks` counts healthy looks in a row upwards and red ones downwards."""
    red = [look for look in looks if look.is_healthy is False]
    incident = case.incident
    nobody_looked = not looks and bool(basis.policy.service(incident.service).probes)
    blind = not red and (nobody_looked or any(look.is_healthy is None for look in looks))
    if red:
        checks = min(incident.checks, 0) - 1
        if -checks >= MAX_RED_LOOKS:
            return _not_fixed(case, red, basis)
        return _look_again(case, checks, worded("Still failing: {say}", say=_say(red)), basis)
    if blind:
        return _cannot_see(case, _say(looks) or worded("nobody looked"), basis)
    checks = max(incident.checks, 0) + 1
    if looks and checks < basis.policy.closure.looks:
        return _look_again(
            case,
            checks,
            worded(
                "Healthy ({checks} of {looks}): {say}",
                checks=checks,
                looks=basis.policy.closure.looks,
                say=_say(looks),
            ),
            basis,
        )
    proof = (
        worded("Proven fixed ({say}{proof_words})", say=_say(looks), proof_words=proof_words(alerts))
        if looks
        else worded("Taken as fixed on the engineers' word: no probe is configured")
    )
    return tell_everybody(case, proof, basis)


def _look_again(case: Case, checks: int, text: str, basis: Basis) -> Plan:
    again = basis.now + basis.policy.closure.proof_interval
    incident = replace(case.incident, checks=checks, next_stage=Stage.CLOSURE, next_stage_at=again)
    return Plan(incident=incident, entries=(Entry(kind=EntryKind.PROOF, text=text),))


def _cannot_see(case: Case, seen: str, basis: Basis) -> Plan:
    """Without eyes there is no proof; after a while somebody must know, and looking every few seconds is noise."""
    plan = _look_again(case, case.incident.checks, worded("No proof yet: {seen}", seen=seen), basis)
    if basis.now - case.incident.state_since < _BLIND_FOR:
        return plan
    again = replace(plan.incident, next_stage_at=basis.now + _BLIND_FOR)
    text = worded(
        "{incident} is said to be fixed, but it cannot be proven ({seen}); please look yourself",
        incident=case.incident.name,
        seen=seen,
    )
    return replace(plan, incident=again, effects=tuple(tell_engineers(case, basis.policy, "no-proof", text)))


def _not_fixed(case: Case, red: Sequence[ProbeResult], basis: Basis) -> Plan:
    incident = reopen(case.incident, now=basis.now)
    text = worded("Said to be fixed, but {say}: opened again", say=_say(red))
    effects = tell_engineers(replace(case, incident=incident), basis.policy, "not-fixed", text)
    return Plan(
        incident=incident, effects=tuple(effects), entries=(Entry(kind=EntryKind.REOPENED, text=text),)
    )


def _close(case: Case, basis: Basis) -> Plan:
    missing = outstanding(case)
    waiting = None if missing.is_nothing else wait(case, missing, basis)
    return over(case, basis) if waiting is None else waiting


def _say(looks: Sequence[ProbeResult]) -> str:
    return "; ".join(f"{look.probe}: {look.summary}" for look in looks)
