"""Zendesk's policies, conditions, targets, schedules and holidays in our words: what is read, and what is told."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.zendesk.service_levels.conditions import condition_from
from connectors.zendesk.service_levels.policies import policy_from
from connectors.zendesk.service_levels.schedules import schedule_from
from connectors.zendesk.service_levels.time_zones import ZONES, zone_from
from incidents.models import TicketStatus
from incidents.service_levels import ConditionKind, LevelCondition, OpenHours, Unread
from incidents.sla.clock import SlaMetric
from tests.connectors.zendesk.conftest import settings

CUSTOMER, VENDOR = TicketStatus.WAITING_FOR_CUSTOMER, TicketStatus.WAITING_FOR_VENDOR
SETTINGS = settings()


@pytest.mark.parametrize(
    ("field", "operator", "value", "kind", "values"),
    [
        ("current_tags", "includes", "tier_gold", ConditionKind.TIER, {"gold"}),
        ("current_tags", "includes", "tier_gold tier_silver", ConditionKind.TIER, {"gold", "silver"}),
        ("current_tags", "includes", ["tier_gold", "tier_silver"], ConditionKind.TIER, {"gold", "silver"}),
        ("current_tags", "not_includes", "product_shop", ConditionKind.PRODUCT, {"shop"}),
        ("via_id", "is", "4", ConditionKind.CHANNEL, {"email"}),
        ("via_id", "is_not", 34, ConditionKind.CHANNEL, {"voice"}),
        ("via_id", "includes", ["29", "4"], ConditionKind.CHANNEL, {"chat", "email"}),
        ("priority", "is", "urgent", ConditionKind.PRIORITY, {"urgent"}),
        ("custom_fields_77", "is", "shop", ConditionKind.PRODUCT, {"shop"}),
    ],
)
def test_conditions_in_our_words(
    field: str, operator: str, value: Any, kind: ConditionKind, values: set[str]
):
    """Tags, channels, priorities and the product's field, as this connection reads them from tickets."""
    owner = settings(product_field_id=77) if field == "custom_fields_77" else SETTINGS
    condition = condition_from({"field": field, "operator": operator, "value": value}, owner)
    assert isinstance(condition, LevelCondition)
    assert (condition.kind, condition.values) == (kind, frozenset(values))
    assert condition.is_excluding is ("not" in operator)


@pytest.mark.parametrize(
    ("changes", "field", "operator", "value", "why"),
    [
        ({}, "group_id", "is", "42", "nothing that Liaison chooses"),
        ({}, "organization_id", "is", 42, "nothing that Liaison chooses"),
        ({}, "custom_fields_77", "is", "shop", "nothing that Liaison chooses"),
        ({}, "ticket_type_id", "is", 2, "nothing that Liaison chooses"),
        ({}, "current_tags", "includes", "vip", "only tags that begin with"),
        ({}, "current_tags", "includes", "tier_gold vip", "only tags that begin with"),
        ({}, "current_tags", "includes", "tier_gold product_shop", "only tags that begin with"),
        ({}, "current_tags", "includes", "tier_", "only tags that begin with"),
        ({"tier_field": "plan"}, "current_tags", "includes", "tier_gold", "from the field plan"),
        ({"product_field_id": 77}, "current_tags", "includes", "product_shop", "from the field 77"),
        ({"product_field_id": 77}, "custom_fields_77", "is", "36001", "id of a choice"),
        ({}, "via_id", "is", "90", "not documented"),
        ({}, "priority", "less_than", "high", "operator 'less_than'"),
        ({}, "priority", "is", "", "no value"),
        ({}, "priority", "is", "blocker", "no priority"),
        ({}, "recipient", "", "help@acme.example", "operator ''"),
    ],
)
def test_conditions_that_cannot_be_said(
    changes: dict[str, object], field: str, operator: str, value: Any, why: str
):
    """Each with the condition as Zendesk has it, the reason and a cure."""
    condition = condition_from({"field": field, "operator": operator, "value": value}, settings(**changes))
    assert isinstance(condition, Unread)
    assert why in condition.why
    assert field in condition.what
    assert condition.cure


@pytest.mark.parametrize(("via", "is_shared"), [(4, False), (29, False), (0, True), (34, True), (5, True)])
def test_channels_that_share_a_word(via: int, is_shared: bool):
    """Zendesk calls several ways in `web`: a condition for one of them is taken for all, and that is said."""
    condition = condition_from({"field": "via_id", "operator": "is", "value": via}, SETTINGS)
    assert isinstance(condition, LevelCondition)
    assert bool(condition.remark) is is_shared


@pytest.mark.parametrize(
    ("metric", "expected", "pauses"),
    [
        ("first_reply_time", SlaMetric.FIRST_RESPONSE, set()),
        ("periodic_update_time", SlaMetric.NEXT_UPDATE, set()),
        ("pausable_update_time", SlaMetric.NEXT_UPDATE, {CUSTOMER}),
        ("total_resolution_time", SlaMetric.RESOLUTION, set()),
        ("requester_wait_time", SlaMetric.RESOLUTION, {CUSTOMER}),
        ("agent_work_time", SlaMetric.RESOLUTION, {CUSTOMER, VENDOR}),
    ],
)
def test_metrics_in_our_words(metric: str, expected: SlaMetric, pauses: set[TicketStatus]):
    """What each counts, and in which states it stands still."""
    (target,) = policy_from({"policy_metrics": [a_metric(metric=metric)]}, SETTINGS).targets
    assert (target.metric, target.pauses, target.called) == (expected, frozenset(pauses), metric)


def a_metric(**changes: object) -> dict[str, object]:
    return {"metric": "first_reply_time", "priority": "low", "target": 60, "business_hours": False} | changes


@pytest.mark.parametrize(
    ("changes", "seconds"),
    [
        ({}, 3600),
        ({"target_in_seconds": 90}, 90),
        ({"target": None, "target_in_seconds": 90}, 90),
        ({"target": 0}, None),
        ({"target": -5}, None),
        ({"target": "60"}, None),
        ({"target": True}, None),
        ({"priority": "blocker"}, None),
        ({"metric": "next_reply_time"}, None),
        ({"metric": "group_ownership_time"}, None),
    ],
)
def test_targets(changes: dict[str, object], seconds: int | None):
    """Minutes or seconds; what is neither, or of an unknown metric or priority, is told."""
    policy = policy_from({"policy_metrics": [a_metric(**changes)]}, SETTINGS)
    assert [one.seconds for one in policy.targets] == ([] if seconds is None else [seconds])
    assert len(policy.unread) == (seconds is None)


@pytest.mark.parametrize(
    ("intervals", "expected"),
    [
        ([(1980, 2460)], [(540, 1020)]),  # Monday 9 to 17
        ([(0, 1440)], [(8640, 10080)]),  # Sunday
        ([(8640, 10080)], [(7200, 8640)]),  # Saturday
        ([(9000, 0)], [(7560, 8640)]),  # the documented other word for Saturday's midnight
        ([(3840, 4320), (4320, 4800)], [(2400, 2880), (2880, 3360)]),
        ([(1980, 3900)], [(540, 2460)]),  # over midnight, as in Zendesk's own example
        ([(1000, 2000)], [(0, 560), (9640, 10080)]),  # from Sunday into Monday
        ([(0, 10080)], [(0, 8640), (8640, 10080)]),  # always
        ([(1980, 1980)], []),
        ([(1980, 2460), (3000, 20_000)], []),
        ([(1980, 2460), ("9", 17)], []),
    ],
)
def test_intervals(intervals: list[tuple[Any, Any]], expected: list[tuple[int, int]]):
    """Minutes since Sunday become minutes since Monday; one that cannot be read leaves no wrong hours."""
    data = {
        "id": 1,
        "name": "x",
        "time_zone": "Berlin",
        "intervals": [{"start_time": start, "end_time": end} for start, end in intervals],
    }
    schedule = schedule_from(data, [])
    assert schedule.hours == tuple(OpenHours(opens=opens, closes=closes) for opens, closes in expected)
    assert bool(schedule.unread) is (expected == [])


@pytest.mark.parametrize(
    "dates", [("2026-12-24", ""), ("2026-02-30", "2026-03-01"), ("2026-12-26", "2026-12-24")]
)
def test_holidays_that_are_none(dates: tuple[str, str]):
    """Told, and the hours stay."""
    data = {"id": 1, "name": "x", "intervals": [{"start_time": 0, "end_time": 60}]}
    schedule = schedule_from(data, [{"name": "Odd", "start_date": dates[0], "end_date": dates[1]}])
    assert schedule.holidays == ()
    assert schedule.hours
    assert len(schedule.unread) == 1


def test_every_zone_name_leads_to_a_zone():
    """All of Zendesk's names are known to Python's zones; IANA names and unknown ones stay as they are."""
    assert set(ZONES.values()) <= available_timezones()
    assert zone_from("Eastern Time (US & Canada)") == "America/New_York"
    assert zone_from("Europe/Berlin") == "Europe/Berlin"
    assert zone_from("International Date Line West") == "International Date Line West"


WORDS = (
    "id title filter all any policy_metrics field operator value metric priority target business_hours "
    "intervals start_time end_time time_zone name start_date end_date"
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS.split()), inner, max_size=6)
    ),
    max_leaves=25,
)
PARTS = st.sampled_from(["filter", "policy_metrics", "title", "intervals", "name"])


@given(data=st.dictionaries(PARTS, JSON))
def test_any_json_is_read_or_told(data: dict[str, Any]):
    """Whatever the answer says, it becomes a policy and a schedule, with the rest of it as unread."""
    policy = policy_from(data, SETTINGS)
    metrics = data.get("policy_metrics")
    if isinstance(metrics, list) and metrics:
        assert policy.targets or policy.unread
    schedule = schedule_from(data, [data])
    assert len(schedule.unread) >= 1
