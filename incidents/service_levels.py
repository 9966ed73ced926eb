"""What a helpdesk has promised its customers, in our words: policies in its order, targets, schedules, holidays.

Read once, to be taken over into the policy file (`incidents.sla_import.section`). What the helpdesk has that we have no
word for is kept beside it as `Unread`, so that nothing is lost in silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from incidents.models import TicketStatus
from incidents.sla.clock import SlaMetric

WEEK = 7 * 1440
"""Minutes of a week."""


class Priority(StrEnum):
    """A ticket's priority in the helpdesk, most urgent first."""

    URGENT = "urgent"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class ConditionKind(StrEnum):
    """What of a ticket a condition looks at."""

    PRIORITY = "priority"
    TIER = "tier"
    PRODUCT = "product"
    CHANNEL = "channel"


@dataclass(frozen=True, kw_only=True, slots=True)
class Unread:
    """Something the helpdesk has and we cannot say: what it is, why not, and what a person can do about it."""

    what: str
    why: str
    cure: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LevelCondition:
    """True for a ticket that has one of the values; if `is_excluding`, for one that has none of them.

    `called` is the condition as the helpdesk's administrator would know it. `remark` says where ours is not quite
    the same as theirs; empty is the same.
    """

    kind: ConditionKind
    values: frozenset[str]
    called: str
    is_excluding: bool = False
    remark: str = ""


Condition = LevelCondition | Unread


@dataclass(frozen=True, kw_only=True, slots=True)
class LevelTarget:
    """So many seconds for tickets of one priority: working time by the ticket's schedule, or around the clock.

    In the states `pauses` the time stands still. `called` is the metric's name in the helpdesk.
    """

    priority: Priority
    metric: SlaMetric
    seconds: int
    called: str
    by_schedule: bool = False
    pauses: frozenset[TicketStatus] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class LevelPolicy:
    """For tickets that meet all of `all_of` and, if there are any, at least one of `any_of`.

    A ticket has the first policy that it meets, and only that one: of a priority without a target there it is
    promised nothing.
    """

    id: str
    name: str
    all_of: tuple[Condition, ...] = ()
    any_of: tuple[Condition, ...] = ()
    targets: tuple[LevelTarget, ...] = ()
    unread: tuple[Unread, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenHours:
    """Working time in minutes from Monday's midnight of the schedule's zone, within one week."""

    opens: int
    closes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class LevelHoliday:
    """Dates on which nobody works, the first and the last included."""

    name: str
    first: date
    last: date


@dataclass(frozen=True, kw_only=True, slots=True)
class LevelSchedule:
    """When somebody works. `zone` is an IANA name where the helpdesk's own could be told, else that one.

    Without hours it cannot be counted by; `unread` then says why.
    """

    id: str
    name: str
    zone: str
    hours: tuple[OpenHours, ...] = ()
    holidays: tuple[LevelHoliday, ...] = ()
    unread: tuple[Unread, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceLevels:
    """All that a helpdesk promises. A ticket has one of the schedules, or the account's default one."""

    policies: tuple[LevelPolicy, ...] = ()
    schedules: tuple[LevelSchedule, ...] = ()
    unread: tuple[Unread, ...] = ()
