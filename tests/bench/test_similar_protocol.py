"""Duplicates' figures come from what was known when each report came: no later report, link or closing."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from bench.insights.similar import WINDOW, boston, hadoop, ranks, taught
from insights.similar.lessons import Lesson, lessons
from insights.similar.model import PairModel, Question
from insights.similar.pairs import PAIR_FEATURES
from tests.insights.similar.similar_data import (
    NOW,
    a_report,
    past,
)
from tests.shared_folder import shared_path

HORIZON = 60 * 24


def answers(reports, duplicates, closed):
    return list(lessons(reports, duplicates, closed, horizon_hours=HORIZON, every=1))


def same(one: Lesson, other: Lesson) -> bool:
    return one.candidates == other.candidates and np.array_equal(
        one.question.features, other.question.features
    )


def test_later_reports_links_and_closings_change_nothing():
    """The lessons of the first half are the same whether the second half ever happens."""
    reports, duplicates = past(120)
    closed = {one.id: one.opened_at + timedelta(hours=5) for one in reports}
    half = reports[60].opened_at
    early = answers(
        reports[:60],
        [one for one in duplicates if one.known_at < half],
        {name: at for name, at in closed.items() if at < half},
    )
    whole = answers(reports, duplicates, closed)
    assert len(early) == 60
    assert all(same(one, other) for one, other in zip(early, whole[:60], strict=True))
    assert any(one.question.right.any() for one in early)


def test_a_link_joins_only_from_when_it_was_known():
    """The size of an incident is what had been found until then."""
    size = PAIR_FEATURES.index("incident_size")
    reports, duplicates = past(120)
    never = [type(one)(newer=one.newer, older=one.older, known_at=NOW) for one in duplicates]
    sizes = [one.question.features[:, size] for one in answers(reports, never, {})]
    assert np.unique(np.concatenate(sizes)) == pytest.approx([np.log(2)])
    sizes = [one.question.features[:, size] for one in answers(reports, duplicates, {})]
    assert len(np.unique(np.concatenate(sizes))) > 1


def test_what_is_taught_was_known():
    reports, duplicates = past(120)
    known = {one.newer: one.known_at for one in duplicates}
    start = reports[90].opened_at
    chosen = taught(answers(reports, duplicates, {}), known, start)
    assert chosen
    assert all(one.report.opened_at < start for one in chosen)
    assert all(known[one.report.id] < start for one in chosen if one.report.id in known)


def test_a_tie_counts_against_us():
    """And an older one that was not among the candidates is a miss."""
    features = np.zeros((4, len(PAIR_FEATURES)))
    lesson = Lesson(
        report=a_report("N"),
        candidates=("A", "B", "C", "D"),
        question=Question(features=features, right=np.array([False, True, False, False])),
    )
    assert ranks(lesson, PairModel.untaught(), {}).strict == 4
    unseen = Lesson(
        report=a_report("N"),
        candidates=("A", "B"),
        question=Question(features=features[:2], right=np.zeros(2, bool)),
    )
    assert ranks(unseen, PairModel.untaught(), {}).strict > 10


@pytest.fixture(scope="module")
def requests():
    shared_path("data/boston311")
    return boston()


@pytest.fixture(scope="module")
def issues():
    shared_path("data/gitbugs_hadoop")
    return hadoop()


@pytest.mark.shared
@pytest.mark.parametrize("name", ["requests", "issues"])
def test_each_duplicate_is_newer_than_what_it_repeats(name, request):
    """And reports come in order of time, each once."""
    history = request.getfixturevalue(name)
    opened = {one.id: one.opened_at for one in history.reports}
    assert len(opened) == len(history.reports)
    assert list(opened.values()) == sorted(opened.values())
    assert all(opened[one.older] <= opened[one.newer] <= one.known_at for one in history.duplicates)


@pytest.mark.shared
def test_final_values_of_a_request_are_not_used(requests):
    """What a request was called in the end may come from the duplicate it was found to be."""
    assert {(one.kind, one.title, one.customer) for one in requests.reports} == {("", "", "")}


@pytest.mark.shared
def test_candidates_are_earlier_and_of_the_window(requests):
    reports = requests.reports[:6_000]
    opened = {one.id: one.opened_at for one in reports}
    for one in lessons(
        reports, requests.duplicates, requests.closed, horizon_hours=WINDOW / timedelta(hours=1), every=50
    ):
        at = one.report.opened_at
        assert all(at - WINDOW <= opened[name] <= at for name in one.candidates)
        assert one.report.id not in one.candidates
