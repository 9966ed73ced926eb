"""Adaptation of the baseline, when too much becomes usual: a storm must not blind for weeks, and what stays must not
be told for ever.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from insights.surge.baseline import Group
from insights.surge.scan import UnlikelyWindow

_DAY = 24 * 60.0
_FADES = 14
"""Days after which a day of too much counts half."""
_ALL_LEARNT = 14
"""So many such days of late, and all is learnt; the share goes by the square, so that one day is next to nothing."""


@dataclass(slots=True)
class NewNormal:
    """For each group, how many days of late had too many reports."""

    days: dict[Group, tuple[int, float]] = field(default_factory=dict)

    def weight(self, found: UnlikelyWindow, now: float) -> float:
        """How much of a report that was too many is learnt: all of them together what is usual, and a share more."""
        today = int(now // _DAY)
        last, count = self.days.get(found.group, (today - 1, 0.0))
        if today > last:
            count = count * 0.5 ** ((today - last) / _FADES) + 1.0
            self.days[found.group] = (today, count)
        return min(1.0, found.expected.mean / len(found.reports) + (count / _ALL_LEARNT) ** 2)

    def forget(self, now: float) -> None:
        """Drop the groups that have been quiet for long."""
        today = int(now // _DAY)
        self.days = {group: one for group, one in self.days.items() if today - one[0] <= 4 * _FADES}
