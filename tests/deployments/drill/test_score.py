"""A drill's score: what reaches its goal, what does not, and where each goal is from."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import yaml

from deployments.demo.policies import POLICY, merged
from deployments.drill.play import DrillResult
from deployments.drill.score import PAGE_WITHIN, DrillFacts, measures, page_goal
from deployments.drill.stories import STORIES, UnknownStory, story_named
from incidents.models import Severity
from incidents.policy.file import parse_policy
from tests.incidents.builders import a_ticket

STORM = STORIES["helpdesk-storm"]
WELL = DrillFacts(
    incidents=1,
    pages=1,
    seconds_to_page=60.0,
    customers_told=STORM.tickets,
    customers_told_twice=0,
    promises_kept=3,
    promises_broken=0,
)
GOAL = (PAGE_WITHIN, "default")


def failed(facts: DrillFacts, story: str = "helpdesk-storm") -> list[str]:
    return [one.name for one in measures(STORIES[story], facts, GOAL) if not one.passed]


@pytest.mark.parametrize(
    ("changed", "names"),
    [
        ({}, []),
        ({"seconds_to_page": 60.1}, ["seconds_to_page"]),
        ({"seconds_to_page": None}, ["seconds_to_page"]),
        ({"pages": 2}, ["pages"]),
        ({"pages": 0}, ["pages"]),
        ({"incidents": 2}, ["incidents"]),
        ({"customers_told": STORM.tickets - 1}, ["customers_told"]),
        ({"customers_told_twice": 1}, ["customers_told_twice"]),
        ({"promises_broken": 1}, ["promises_broken"]),
    ],
)
def test_each_measure_can_fail(changed: dict[str, float | None], names: list[str]):
    facts = replace(WELL, **changed)  # type: ignore[arg-type]
    assert failed(facts) == names
    result = DrillResult(
        story="helpdesk-storm", as_told=True, measures=measures(STORM, facts, GOAL), promises_kept=3
    )
    assert result.ok is (not names)
    assert result.as_json()["ok"] is (not names)


def test_a_story_that_did_not_come_to_its_end_has_not_passed():
    result = DrillResult(story="x", as_told=False, measures=measures(STORM, WELL, GOAL), promises_kept=3)
    assert not result.ok


def test_a_wrong_alarm_is_scored_by_nobody_being_woken():
    quiet = replace(WELL, pages=0, customers_told=0, seconds_to_page=None)
    assert failed(quiet, "wrong-alarm") == []
    assert failed(replace(quiet, pages=1), "wrong-alarm") == ["pages"]


@pytest.mark.parametrize(
    ("response", "asked", "goal"),
    [
        ("15m", None, (PAGE_WITHIN, "default")),
        ("30s", None, (timedelta(seconds=30), "policy")),
        ("30s", timedelta(seconds=5), (timedelta(seconds=5), "asked for")),
    ],
)
def test_where_the_goal_of_the_page_is_from(
    response: str, asked: timedelta | None, goal: tuple[timedelta, str]
):
    base = yaml.safe_load(POLICY.read_text())
    changed = merged(base, {"sla": {"targets": {1: {"response": response, "resolution": "4h"}}}})
    assert page_goal(parse_policy(yaml.safe_dump(changed)), Severity.CRITICAL, asked) == goal


@pytest.mark.parametrize("name", STORIES)
def test_each_storys_policy_is_one_and_routes_its_tickets(name: str):
    """Otherwise nothing would be opened, and a wrong alarm would pass for nothing."""
    story = story_named(name)
    policy = parse_policy(yaml.safe_dump(merged(yaml.safe_load(POLICY.read_text()), story.policy)))
    routed = {
        route.service
        for number in range(story.tickets)
        if (route := policy.route(a_ticket(number, subject=story.subject_of(number), body=""))) is not None
    }
    assert routed == set(story.services)


def test_a_story_that_is_not_there_is_told_with_those_that_are():
    with pytest.raises(UnknownStory, match="helpdesk-storm, pager-down"):
        story_named("flood")
