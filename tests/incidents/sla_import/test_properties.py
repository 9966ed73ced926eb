"""Any service levels at all: what is written always parses, and what is not the same is always told."""

from datetime import date

from hypothesis import event, given, settings
from hypothesis import strategies as st

from incidents.imports.report import Fate
from incidents.models import TicketStatus
from incidents.service_levels import (
    ConditionKind,
    LevelCondition,
    LevelHoliday,
    LevelPolicy,
    LevelSchedule,
    LevelTarget,
    OpenHours,
    Priority,
    ServiceLevels,
    Unread,
)
from incidents.sla.clock import SlaMetric
from incidents.sla_import.section import sla_section
from tests.incidents.sla.helpdesk_promises import (
    OFFICE,
    OPERATORS_POLICY,
    Customer,
    everybody,
    imported_policy,
    promised,
)

WAITING = st.frozensets(st.sampled_from([TicketStatus.WAITING_FOR_CUSTOMER, TicketStatus.WAITING_FOR_VENDOR]))
WORDS = {
    ConditionKind.PRIORITY: st.sampled_from([str(priority) for priority in Priority]),
    ConditionKind.TIER: st.sampled_from(["gold", "Standard", "platinum"]),
    ConditionKind.PRODUCT: st.sampled_from(["Shop", "app"]) | st.text(max_size=12),
    ConditionKind.CHANNEL: st.sampled_from(["email", "web", "true", "1", "- x: {y}", "#"]),
}


@st.composite
def conditions(draw):
    kind = draw(st.sampled_from(ConditionKind))
    values = draw(st.frozensets(WORDS[kind], min_size=1, max_size=3))
    is_excluding = kind is ConditionKind.PRIORITY and draw(st.booleans())
    return LevelCondition(kind=kind, values=values, called=f"{kind} {values}", is_excluding=is_excluding)


HOSTILE = st.builds(
    LevelCondition,
    kind=st.sampled_from(ConditionKind),
    values=st.frozensets(st.text(max_size=30), max_size=3),
    called=st.text(max_size=80),
    is_excluding=st.booleans(),
    remark=st.text(max_size=10),
) | st.builds(Unread, what=st.text(max_size=10), why=st.text(max_size=10), cure=st.text(max_size=10))
ANY_TARGET = st.builds(
    LevelTarget,
    priority=st.sampled_from(Priority),
    metric=st.sampled_from(SlaMetric),
    seconds=st.integers(-60, 10**12) | st.integers(1, 10**6),
    called=st.text(max_size=20),
    by_schedule=st.booleans(),
    pauses=WAITING,
)
ANY_SCHEDULE = st.builds(
    LevelSchedule,
    id=st.sampled_from("123"),
    name=st.text(max_size=40),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]) | st.text(max_size=20),
    hours=st.lists(
        st.builds(OpenHours, opens=st.integers(-99, 10_200), closes=st.integers(-99, 10_200)), max_size=5
    ).map(tuple),
    holidays=st.lists(
        st.builds(LevelHoliday, name=st.text(max_size=9), first=st.dates(), last=st.dates())
        | st.builds(
            LevelHoliday,
            name=st.just("near"),
            first=st.just(date(2026, 12, 24)),
            last=st.dates(date(2026, 12, 24), date(2027, 1, 2)),
        ),
        max_size=3,
    ).map(tuple),
)
ANY_LEVELS = st.builds(
    ServiceLevels,
    policies=st.lists(
        st.builds(
            LevelPolicy,
            id=st.text(max_size=5),
            name=st.text(max_size=40),
            all_of=st.lists(conditions() | HOSTILE, max_size=2).map(tuple),
            any_of=st.lists(conditions() | HOSTILE, max_size=3).map(tuple),
            targets=st.lists(ANY_TARGET, max_size=8).map(tuple),
        ),
        max_size=5,
    ).map(tuple),
    schedules=st.lists(ANY_SCHEDULE, max_size=2).map(tuple),
)


@settings(deadline=None)
@given(levels=ANY_LEVELS)
def test_what_is_written_always_parses(levels):
    """Hostile names and values, impossible times, holes and overlaps: a policy file all the same, and a report
    with a line for each policy and schedule, each on one line."""
    imported = sla_section(levels, OPERATORS_POLICY)
    imported_policy(imported.text)
    assert all(len(str(line).splitlines()) == 1 for line in imported.lines)
    for policy in levels.policies:
        assert any(f"SLA policy {policy.name[:60]!r}" in line.what for line in imported.lines)
    for schedule in levels.schedules:
        assert any(f"schedule {schedule.name[:60]!r}" in line.what for line in imported.lines)


@st.composite
def sane_policies(draw):
    """One calendar, one list of pauses, each metric once and in order: what a policy file can say."""
    by_schedule, pauses = draw(st.booleans()), draw(WAITING)
    seconds = sorted(draw(st.lists(st.integers(60, 10**6), min_size=2, max_size=2)))
    priorities = draw(st.just(list(Priority)) | st.lists(st.sampled_from(Priority), unique=True))
    metrics = [(SlaMetric.FIRST_RESPONSE, seconds[0]), (SlaMetric.RESOLUTION, seconds[1])]
    if draw(st.booleans()):
        metrics.append((SlaMetric.NEXT_UPDATE, draw(st.integers(60, 10**6))))
    return LevelPolicy(
        id="1",
        name=draw(st.sampled_from(["Gold", "Shop", "Everybody"])),
        all_of=tuple(draw(st.lists(conditions(), max_size=2))),
        any_of=tuple(draw(st.lists(conditions(), max_size=3))),
        targets=tuple(
            LevelTarget(
                priority=priority,
                metric=metric,
                seconds=time + index,
                called=str(metric),
                by_schedule=by_schedule,
                pauses=frozenset() if metric is SlaMetric.FIRST_RESPONSE else pauses,
            )
            for index, priority in enumerate(priorities)
            for metric, time in metrics
        ),
    )


def is_the_same(sla, levels, customer: Customer):
    """Whether the file promises the ticket what the helpdesk does: targets, calendar, pauses."""
    expected = promised(levels, customer)
    terms = sla.terms_for(customer.facts())
    if terms is None or not expected:
        return terms is None and not expected
    pausing = {one.pauses for one in expected if one.metric is not SlaMetric.FIRST_RESPONSE}
    return (
        {metric: target.total_seconds() for metric, target in terms.targets.items()}
        == {one.metric: one.seconds for one in expected}
        and {terms.calendar} == {"office" if one.by_schedule else "always" for one in expected}
        and {terms.pauses} == (pausing or {frozenset()})
    )


@settings(deadline=None)
@given(policies=st.lists(sane_policies(), max_size=4))
def test_without_a_remark_it_is_the_same_promise(policies):
    """For every ticket; so wherever the file promises anything else, the report has a line that says so."""
    levels = ServiceLevels(policies=tuple(policies), schedules=(OFFICE,))
    imported = sla_section(levels, OPERATORS_POLICY)
    sla = imported_policy(imported.text).sla
    different = [customer for customer in everybody() if not is_the_same(sla, levels, customer)]
    remarks = [
        line
        for line in imported.lines
        if line.fate is not Fate.TAKEN
        and "never chosen" not in line.words
        and "exclude each" not in line.words
    ]
    event(f"different={bool(different)} remarks={bool(remarks)}")
    assert remarks or not different
