"""The accounts: whatever is lost, doubled, parked or elsewhere than the log says is found."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from deployments.replay.accounts import DeliveryAccount, Mismatch, account, compare
from deployments.replay.log import LogEvent, standings
from tests.deployments.replay.rows import events, row


@pytest.fixture
def three(tmp_path: Path) -> list[LogEvent]:
    return events(
        tmp_path,
        row("A", 1, "2016-04-11T08:00", "New"),
        row("A", 2, "2016-04-11T09:00", "Resolved"),
        row("B", 1, "2016-04-11T10:00"),
    )


def delivered(event: LogEvent, state: str = "done", waited: float | None = 0.5) -> DeliveryAccount:
    return DeliveryAccount(sha256=hashlib.sha256(event.body).digest(), state=state, waited=waited)


def test_each_event_handled_once_is_how_it_should_be(three: list[LogEvent]) -> None:
    rows = [delivered(three[0], waited=0.2), delivered(three[1], waited=1.5), delivered(three[2])]
    found = account(three, rows)
    assert (found.lost, found.doubled, found.parked, found.longest_wait) == (0, 0, 0, 1.5)


def test_an_event_without_a_row_is_lost(three: list[LogEvent]) -> None:
    assert account(three, [delivered(three[0]), delivered(three[2])]).lost == 1


def test_an_event_that_still_waits_at_the_end_is_lost(three: list[LogEvent]) -> None:
    rows = [delivered(three[0]), delivered(three[1], state="pending", waited=None), delivered(three[2])]
    assert account(three, rows).lost == 1


def test_a_parked_event_is_parked_and_not_lost(three: list[LogEvent]) -> None:
    found = account(three, [delivered(three[0]), delivered(three[1], state="parked"), delivered(three[2])])
    assert (found.parked, found.lost) == (1, 0)


def test_an_event_handled_as_two_is_doubled(three: list[LogEvent]) -> None:
    assert account(three, [*map(delivered, three), delivered(three[1])]).doubled == 1


def test_nothing_in_the_inbox_is_everything_lost(three: list[LogEvent]) -> None:
    found = account(three, [])
    assert (found.lost, found.longest_wait) == (3, 0.0)


def test_tickets_that_stand_where_the_log_says(three: list[LogEvent]) -> None:
    assert compare(standings(three), standings(three)) == []


@pytest.mark.parametrize(
    "change", [{"status": "Closed"}, {"reassignments": 1}, {"reopens": 1}, {"version": 1}]
)
def test_one_planted_difference_is_found(three: list[LogEvent], change: dict[str, object]) -> None:
    expected = standings(three)
    planted = replace(expected["A"], **change)  # type: ignore[arg-type]
    found = compare(expected, expected | {"A": planted})
    assert found == [Mismatch(ticket="A", expected=expected["A"], found=planted)]


def test_a_ticket_we_do_not_have_is_a_mismatch(three: list[LogEvent]) -> None:
    expected = standings(three)
    found = compare(expected, {"A": expected["A"]})
    assert found == [Mismatch(ticket="B", expected=expected["B"], found=None)]
