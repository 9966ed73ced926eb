"""Whom a helpdesk's policy is for, in the words of a policy file's `when`.

A `when` says which values will do, and all its criteria must match. A helpdesk's "any of these" becomes one
alternative for each criterion that it mixes; "none of these" can be said of priorities only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from incidents.imports.report import Fate, ImportLine, called
from incidents.models import Severity
from incidents.service_levels import (
    Condition,
    ConditionKind,
    LevelCondition,
    LevelPolicy,
    Priority,
    Unread,
)
from incidents.sla.facts import folded
from incidents.sla_import.report import left

SEVERITIES = {
    Priority.URGENT: Severity.CRITICAL,
    Priority.HIGH: Severity.HIGH,
    Priority.NORMAL: Severity.MEDIUM,
    Priority.LOW: Severity.LOW,
}
"""The rule by which a helpdesk's priorities become our severities."""

K = ConditionKind
_WORDS = (K.TIER, K.PRODUCT, K.CHANNEL)
_FALLS = "its tickets go by the policies after it, if one of those matches"
_Accepted = Mapping[ConditionKind, frozenset[Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Alternative:
    """One `when`; no words for a criterion is any word. Words are as they are compared: folded."""

    severities: frozenset[Severity]
    words: Mapping[ConditionKind, frozenset[str]]

    def criteria(self, severity: Severity) -> dict[str, frozenset[Any]]:
        """As `incidents.policy.sla.overlap` wants them, for one severity."""
        return {"severity": frozenset({severity}), **{str(kind): words for kind, words in self.words.items()}}

    def meets(self, other: Alternative) -> bool:
        """Whether a ticket can be in both, severities aside."""
        return all(
            not mine or not other.words[kind] or mine & other.words[kind] for kind, mine in self.words.items()
        )


def alternatives_of(
    policy: LevelPolicy, tiers: Sequence[str]
) -> tuple[tuple[Alternative, ...], tuple[ImportLine, ...]]:
    """None if its conditions cannot be said or met; the lines tell why. `tiers` are those the policy file knows."""
    reading = _Reading(called("SLA policy", policy.name), tiers)
    needed: dict[ConditionKind, frozenset[Any]] = {}
    is_sayable = True
    for condition in policy.all_of:
        values = reading.accepted(condition)
        if values is None:
            is_sayable = False
        elif isinstance(condition, LevelCondition):
            needed[condition.kind] = needed.get(condition.kind, values) & values
    if not is_sayable:
        return (), (*reading.lines, reading.whole("a condition that every ticket must meet cannot be said"))
    options: dict[ConditionKind, frozenset[Any]] = {}
    for condition in policy.any_of:
        values = reading.accepted(condition)
        if values is not None and isinstance(condition, LevelCondition):
            options[condition.kind] = options.get(condition.kind, frozenset()) | values
    if policy.any_of and not options:
        return (), (*reading.lines, reading.whole("none of its alternative conditions can be said"))
    choices = [{**needed, kind: needed.get(kind, values) & values} for kind, values in options.items()] or [
        needed
    ]
    found = tuple(_alternative(choice) for choice in choices if all(choice.values()))
    if not found:
        return (), (*reading.lines, reading.whole("its conditions exclude each other: it never matches"))
    return found, tuple(reading.lines)


def _alternative(accepted: _Accepted) -> Alternative:
    return Alternative(
        severities=accepted.get(K.PRIORITY, frozenset(Severity)),
        words={kind: accepted.get(kind, frozenset()) for kind in _WORDS},
    )


class _Reading:
    """Reads conditions one by one and keeps what there is to tell about them."""

    def __init__(self, what: str, tiers: Sequence[str]) -> None:
        self._what = what
        self._tiers = frozenset(folded(tier) for tier in tiers)
        self.lines: list[ImportLine] = []

    def whole(self, words: str) -> ImportLine:
        return ImportLine(fate=Fate.LEFT, what=self._what, words=words, cure=_FALLS)

    def accepted(self, condition: Condition) -> frozenset[Any] | None:
        """The values it accepts, severities for priorities; None if that cannot be said."""
        if isinstance(condition, Unread):
            self.lines.append(left(self._what, condition))
            return None
        if condition.kind is K.PRIORITY:
            return self._severities(condition)
        if condition.is_excluding:
            self._left(
                condition, "a policy file says who is meant, not who is not", "list the others under when"
            )
            return None
        words = frozenset(word for value in condition.values if (word := folded(value)))
        if condition.kind is K.TIER:
            for tier in sorted(words - self._tiers):
                cure = f"add {tier[:40]!r} under tiers and import again"
                self._left(condition, f"the policy file has no tier {tier[:40]!r}", cure)
            words &= self._tiers
        elif not words:
            self._left(condition, "it has no value", "look at it in the helpdesk")
        if words and condition.remark:
            self._add(Fate.DIFFERS, condition, condition.remark, "check that this is what is meant")
        return words or None

    def _severities(self, condition: LevelCondition) -> frozenset[Severity] | None:
        known = {str(priority): severity for priority, severity in SEVERITIES.items()}
        if not all(value in known for value in condition.values):
            self._left(condition, "it names an unknown priority", "write the severities under when, severity")
            return None
        severities = frozenset(known[value] for value in condition.values)
        return frozenset(Severity) - severities if condition.is_excluding else severities

    def _left(self, condition: LevelCondition, words: str, cure: str) -> None:
        self._add(Fate.LEFT, condition, words, cure)

    def _add(self, fate: Fate, condition: LevelCondition, words: str, cure: str) -> None:
        what = f"{self._what}, {called('condition', condition.called)}"
        self.lines.append(ImportLine(fate=fate, what=what, words=words, cure=cure))
