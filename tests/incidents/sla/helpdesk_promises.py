"""What a helpdesk itself promises a ticket: the rule of `ServiceLevels`, carried out as its vendor would.

Tests hold the imported policy file against it. A ticket is a priority and at most one tier, product and channel.
"""

from dataclasses import dataclass
from itertools import product

from incidents.models import TicketStatus
from incidents.policy.file import parse_policy
from incidents.service_levels import (
    ConditionKind,
    LevelCondition,
    LevelPolicy,
    LevelSchedule,
    LevelTarget,
    OpenHours,
    Priority,
    ServiceLevels,
    Unread,
)
from incidents.sla.clock import SlaMetric
from incidents.sla.facts import (
    SlaFacts,
    SlaSubject,
    folded,
)
from incidents.sla_import.conditions import SEVERITIES
from incidents.sla_import.section import sla_section
from tests.incidents.builders import POLICY

K = ConditionKind

OPERATORS_POLICY = parse_policy(POLICY)
"""Without the section that is imported; it knows the tiers gold and standard."""


@dataclass(frozen=True, kw_only=True)
class Customer:
    priority: Priority
    tier: str | None = None
    product: str | None = None
    channel: str | None = None

    def facts(self) -> SlaFacts:
        """The same ticket, as Liaison chooses by it."""
        words = [
            frozenset() if word is None else frozenset({folded(word)})
            for word in (self.tier, self.product, self.channel)
        ]
        return SlaFacts(
            subject=SlaSubject.TICKET,
            severity=SEVERITIES[self.priority],
            tiers=words[0],
            products=words[1],
            channels=words[2],
        )

    def meets(self, condition: LevelCondition) -> bool:
        word = {
            K.PRIORITY: self.priority,
            K.TIER: self.tier,
            K.PRODUCT: self.product,
            K.CHANNEL: self.channel,
        }[condition.kind]
        has = word is not None and folded(word) in {folded(value) for value in condition.values}
        return has is not condition.is_excluding


def everybody():
    """Tickets of all the sorts that tests' policies tell apart."""
    for priority, tier, item, channel in product(
        Priority, (None, "gold", "standard"), (None, "shop"), (None, "email")
    ):
        yield Customer(priority=priority, tier=tier, product=item, channel=channel)


def promised(levels: ServiceLevels, customer: Customer) -> tuple[LevelTarget, ...]:
    """The targets of the first policy that the ticket meets, for its priority."""
    for policy in levels.policies:
        if all(map(customer.meets, policy.all_of)) and (
            not policy.any_of or any(map(customer.meets, policy.any_of))
        ):
            return tuple(one for one in policy.targets if one.priority is customer.priority)
    return ()


def imported_policy(text: str):
    """The operator's whole policy file with the imported section in the place of his own."""
    own = "\n".join(line for line in POLICY.splitlines() if not line.startswith("sla:"))
    return parse_policy(f"{own}\n{text}", file="imported.yaml")


def a_target(metric="first_response", minutes=60, priority=Priority.URGENT, **changes):
    values = {
        "priority": priority,
        "metric": SlaMetric(metric),
        "seconds": minutes * 60,
        "called": str(metric),
    }
    return LevelTarget(**(values | changes))


def targets(metric="first_response", minutes=60, priorities=tuple(Priority), **changes):
    """The same for several priorities."""
    return tuple(a_target(metric, minutes, priority, **changes) for priority in priorities)


def condition(kind, *values, **changes):
    values = {
        "kind": ConditionKind(kind),
        "values": frozenset(values),
        "called": f"{kind} is {values}",
    } | changes
    return LevelCondition(**values)


def a_level(name="Gold", id="1", **changes):
    return LevelPolicy(**({"id": id, "name": name, "targets": targets()} | changes))


def unread(what="group_id is 42"):
    return Unread(what=what, why="no word for it", cure="do it by hand")


CUSTOMER, VENDOR = TicketStatus.WAITING_FOR_CUSTOMER, TicketStatus.WAITING_FOR_VENDOR

NINE_TO_FIVE = tuple(OpenHours(opens=day * 1440 + 540, closes=day * 1440 + 1020) for day in range(5))
OFFICE = LevelSchedule(id="7", name="Office", zone="Europe/Berlin", hours=NINE_TO_FIVE)


def section(*policies, schedules=(), schedule=None, policy=OPERATORS_POLICY):
    return sla_section(ServiceLevels(policies=policies, schedules=schedules), policy, schedule=schedule)


def told(imported, fate):
    return [str(line) for line in imported.lines if line.fate is fate]


def the_line(imported, fate):
    (line,) = told(imported, fate)
    return line


def written(imported):
    """The policies in the file: names with what they promise."""
    return {one.name: one for one in imported_policy(imported.text).sla.policies}
