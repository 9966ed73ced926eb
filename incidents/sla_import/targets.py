"""What a helpdesk's policy promises, as targets of a policy file: one row for all severities that have the same.

A policy in the file has one calendar, one list of states in which its clocks stand still, and each metric once. A
helpdesk may have each otherwise for each target; what does not fit is left out and words, never converted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from incidents.imports.report import Fate, ImportLine, called
from incidents.models import Severity, TicketStatus
from incidents.policy.sla.section import LONGEST_YEARS
from incidents.service_levels import LevelPolicy, LevelTarget, Priority
from incidents.sla.calendars import ALWAYS, Calendar
from incidents.sla.clock import SlaMetric
from incidents.sla_import.conditions import SEVERITIES
from incidents.sla_import.report import PriorityNotes

M = SlaMetric
_WEEKS = 52
_BY_HAND = "write it by hand as a policy of its own if it matters more"


@dataclass(frozen=True, kw_only=True, slots=True)
class Counting:
    """How business hours count: by this calendar; without one `why` says why not, and `cure` what to do."""

    calendar: Calendar | None
    why: str = ""
    cure: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What tickets of one severity are promised. `targets` are seconds by metric, in the policy file's order."""

    calendar: str
    targets: tuple[tuple[SlaMetric, int], ...]
    pauses: tuple[TicketStatus, ...]


def terms_of(
    policy: LevelPolicy, counting: Counting
) -> tuple[Mapping[Severity, Terms], tuple[ImportLine, ...]]:
    """By severity; one without any target that can be taken over is not in it."""
    notes = PriorityNotes(called("SLA policy", policy.name))
    terms: dict[Severity, Terms] = {}
    for priority, severity in SEVERITIES.items():
        targets = [one for one in policy.targets if one.priority is priority]
        found = _Row(priority, counting, notes).terms(targets)
        if found is not None:
            terms[severity] = found
    return terms, tuple(notes.lines())


class _Row:
    """One priority's targets, looked through in steps; each step leaves out what does not fit, and notes it."""

    def __init__(self, priority: Priority, counting: Counting, notes: PriorityNotes) -> None:
        self._priority = priority
        self._counting = counting
        self._notes = notes

    def terms(self, targets: Sequence[LevelTarget]) -> Terms | None:
        countable = [one for one in targets if self._is_countable(one)]
        fitting = self._in_order(self._one_a_metric(self._by_one_calendar(countable)))
        if not fitting:
            return None
        calendar = self._counting.calendar if fitting[0].by_schedule else None
        by_metric = {one.metric: one for one in fitting}
        if M.NEXT_UPDATE in by_metric and M.FIRST_RESPONSE not in by_metric:
            words = "without a first_response it counts from the opening, not from the first reply"
            self._note(Fate.DIFFERS, by_metric[M.NEXT_UPDATE], words, "add a first_response to its targets")
        return Terms(
            calendar=ALWAYS.name if calendar is None else calendar.name,
            targets=tuple((metric, by_metric[metric].seconds) for metric in M if metric in by_metric),
            pauses=self._pauses(fitting),
        )

    def _is_countable(self, target: LevelTarget) -> bool:
        calendar = self._counting.calendar if target.by_schedule else ALWAYS
        if calendar is None:
            self._left(target, self._counting.why, self._counting.cure)
            return False
        if target.seconds <= 0:
            self._left(target, f"{target.seconds} s is no time", "correct it and import again")
            return False
        years = target.seconds / (calendar.weekly * _WEEKS / timedelta(seconds=1))
        if years > LONGEST_YEARS:
            words = f"it would take {years:.0f} years in calendar {calendar.name}"
            self._left(target, words, "make it shorter, or give the schedule more hours")
            return False
        return True

    def _by_one_calendar(self, targets: list[LevelTarget]) -> list[LevelTarget]:
        """Those in business hours or those around the clock: the more there are, else business hours."""
        working = [one for one in targets if one.by_schedule]
        always = [one for one in targets if not one.by_schedule]
        kept, others = (working, always) if len(working) >= len(always) else (always, working)
        for one in others:
            hours = "business hours" if kept[0].by_schedule else "calendar hours"
            self._left(
                one, f"a policy has one calendar, and what is kept for this priority is in {hours}", _BY_HAND
            )
        return kept

    def _one_a_metric(self, targets: list[LevelTarget]) -> list[LevelTarget]:
        """The one that stands still in the fewest states, then the shortest: it is the strictest."""
        kept: dict[SlaMetric, LevelTarget] = {}
        for one in sorted(targets, key=lambda one: (len(one.pauses), one.seconds, one.called)):
            first = kept.setdefault(one.metric, one)
            if first is not one:
                words = (
                    f"{first.called} is its {one.metric} already: it pauses on fewer states, or is shorter"
                )
                self._left(one, words, _BY_HAND)
        return list(kept.values())

    def _in_order(self, targets: list[LevelTarget]) -> list[LevelTarget]:
        """Without what is promised later than something that comes after it: the file refuses that as a slip."""
        by_metric = {one.metric: one for one in targets}
        soonest: LevelTarget | None = None
        for metric in (M.RESOLUTION, M.MITIGATION, M.FIRST_RESPONSE):
            one = by_metric.get(metric)
            if one is None:
                continue
            if soonest is not None and one.seconds > soonest.seconds:
                words = f"it is longer than its {soonest.metric}, which comes after it"
                self._left(one, words, "shorten it in the helpdesk or in the policy file")
                del by_metric[metric]
            else:
                soonest = one
        return list(by_metric.values())

    def _pauses(self, targets: list[LevelTarget]) -> tuple[TicketStatus, ...]:
        """States in which all of them stand still; a first response never does, whatever the policy says."""
        pausing = [one for one in targets if one.metric is not M.FIRST_RESPONSE]
        common = tuple(
            state for state in TicketStatus if pausing and all(state in one.pauses for one in pausing)
        )
        for one in pausing:
            lost = [state for state in TicketStatus if state in one.pauses and state not in common]
            if lost:
                words = f"it counts in state {' and '.join(lost)}, too, as another target of the policy does"
                self._note(Fate.DIFFERS, one, words, "add pause_on if that one matters less")
        return common

    def _left(self, target: LevelTarget, words: str, cure: str) -> None:
        self._note(Fate.LEFT, target, words, cure)

    def _note(self, fate: Fate, target: LevelTarget, words: str, cure: str) -> None:
        self._notes.add(fate, target.called[:60], self._priority, words, cure)
