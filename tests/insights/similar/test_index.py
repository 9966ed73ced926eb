"""A ticket finds its incident, in a storm too; it is linked only when that is sure, and never across services."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights.learning import NotEnoughHistory
from insights.similar.index import (
    SIMILAR_FORMAT,
    SimilarIndex,
    learn_pair_model,
)
from insights.similar.lessons import lessons
from insights.similar.model import PairModel
from insights.similar.report import MatchVerdict
from tests.insights.similar.similar_data import (
    NOW,
    WORDS,
    a_report,
    past,
)

SURE = replace(PairModel.untaught(), link_from=0.5)
"""The formula, trusted: what decides whether to link can be seen without learning."""


def an_index(*reports, model=SURE):
    index = SimilarIndex(model=model)
    for report in reports:
        index.add(report)
    return index


def test_the_five_hundredth_ticket_of_a_storm_finds_the_incident():
    """One answer for all its tickets, with their number, and no ticket of it beside the incident."""
    storm = [a_report(number, minutes_ago=60 - number / 10, incident="INC-7") for number in range(499)]
    index = an_index(a_report("old", 3000, title="search is slow", service="search"), *storm)
    matches = index.rank(a_report("T500", 0), now=NOW)
    assert [(one.incident, one.reports, one.verdict) for one in matches] == [
        ("INC-7", 499, MatchVerdict.LINK)
    ]


def test_a_ticket_that_belongs_to_no_incident_is_found_as_itself():
    index = an_index(a_report("T1"))
    [match] = index.rank(a_report("T2", 0), now=NOW)
    assert (match.incident, match.report, match.reports) == (None, "T1", 1)
    index.join("T1", "INC-7")
    [match] = index.rank(a_report("T2", 0), now=NOW)
    assert (match.incident, match.report) == ("INC-7", "T1")


def test_a_report_that_moves_to_another_incident_leaves_the_first():
    index = an_index(a_report("T1", incident="INC-7"), a_report("T2", incident="INC-7"))
    index.join("T2", "INC-8")
    sizes = {one.incident: one.reports for one in index.rank(a_report("T3", 0), now=NOW)}
    assert sizes == {"INC-7": 1, "INC-8": 1}


def test_another_service_is_suggested_at_most():
    index = an_index(a_report("T1", service="payments", incident="INC-7"))
    [match] = index.rank(a_report("T2", 0), now=NOW)
    assert match.probability >= SURE.link_from
    assert match.verdict is MatchVerdict.SUGGEST


def test_what_is_over_is_suggested_with_what_fixed_it():
    """A solved ticket, and an incident that has ended."""
    past = a_report("T1", 600)
    for incident in (None, "INC-3"):
        index = an_index(replace(past, incident=incident))
        at, fix = NOW - timedelta(minutes=300), "restarted the payment gateway"
        if incident is None:
            index.close("T1", at, fixed_by=fix)
        else:
            index.close_incident(incident, at, fixed_by=fix)
        [match] = index.rank(a_report("T2", 0), now=NOW)
        assert (match.is_open, match.verdict, match.fixed_by) == (False, MatchVerdict.SUGGEST, fix)


def test_an_incident_is_open_although_a_ticket_of_it_is_solved():
    """One customer is content; the fault is not over."""
    index = an_index(a_report("T1", incident="INC-7"))
    index.close("T1", NOW - timedelta(minutes=1))
    [match] = index.rank(a_report("T2", 0), now=NOW)
    assert (match.is_open, match.verdict) == (True, MatchVerdict.LINK)


def test_without_lessons_it_only_suggests():
    """Even the same words a minute ago."""
    index = an_index(a_report("T1"), model=PairModel.untaught())
    [match] = index.rank(a_report("T2", 0), now=NOW)
    assert match.verdict is MatchVerdict.SUGGEST


def test_reasons_say_what_both_have_in_common():
    place = (42.36, -71.06)
    index = an_index(
        a_report("T1", 120, place=place, customer="Acme"), a_report("X", 300, title="search is slow")
    )
    match = index.rank(a_report("T2", 0, place=(42.361, -71.06), customer="Acme"), now=NOW)[0]
    texts = [reason.text for reason in match.reasons]
    assert 'both say "502"' in texts
    assert {"same customer", "same service", "it is open", "111 m away", "2.0 h before"} <= set(texts)


def test_nothing_alike_is_nothing():
    index = an_index(a_report("T1", 30_000, title="photo upload", service="photos"))
    assert index.rank(a_report("T2", 0), now=NOW) == []
    assert SimilarIndex().rank(a_report("T2", 0), now=NOW) == []


def test_a_report_does_not_find_itself_nor_the_future():
    """Asked again after it was added, and while a later one is there already."""
    index = an_index(a_report("T1"), a_report("T2", -60))
    assert index.rank(a_report("T1"), now=NOW) == []


def test_what_is_older_than_the_horizon_is_not_looked_at():
    index = SimilarIndex(model=SURE, horizon=timedelta(days=10))
    index.add(a_report("T1", minutes_ago=11 * 24 * 60))
    assert index.rank(a_report("T2", 0), now=NOW) == []
    index.add(a_report("T3", minutes_ago=9 * 24 * 60))
    assert [one.report for one in index.rank(a_report("T2", 0), now=NOW)] == ["T3"]


def test_the_order_in_which_reports_are_added_does_not_matter():
    reports, _ = past(60)
    asked = a_report("T", 0, title="checkout payment card")
    one, other = an_index(*reports), an_index(*reversed(reports))
    chances = [match.probability for match in one.rank(asked, now=NOW, limit=50)]
    assert chances
    assert [match.probability for match in other.rank(asked, now=NOW, limit=50)] == pytest.approx(chances)


def test_a_stored_index_answers_the_same():
    reports, _ = past(60)
    index = an_index(*reports)
    again = pickle.loads(pickle.dumps(index))  # noqa: S301 - our own
    asked = a_report("T", 0, title=reports[30].title)
    assert again.rank(asked, now=NOW) == index.rank(asked, now=NOW)
    assert again.format == SIMILAR_FORMAT


def test_what_cannot_be_right_is_refused():
    index = an_index(a_report("T1"))
    with pytest.raises(ValueError, match="T1 is there already"):
        index.add(a_report("T1"))
    with pytest.raises(ValueError, match="no time zone"):
        index.add(replace(a_report("T2"), opened_at=datetime(2026, 1, 1)))  # noqa: DTZ001 - on purpose
    assert len(index) == 1
    assert "T2" not in index
    with pytest.raises(KeyError):
        index.join("T9", "INC-1")
    with pytest.raises(KeyError):
        index.close_incident("INC-1", NOW)


def test_duplicates_teach_what_makes_two_the_same():
    """Learnt from those that people found, it puts later ones it has not seen into their incident."""
    reports, duplicates = past()
    older = {one.newer: one.older for one in duplicates}
    known = [one for one in duplicates if one.known_at < reports[300].opened_at]
    index = an_index(model=learn_pair_model(reports[:300], known, {}, seed=1))
    assert index.model.taught_by >= 60
    incidents = {}
    hits = []
    for number, report in enumerate(reports):
        incident = incidents.setdefault(report.id, incidents.get(older.get(report.id), f"INC-{report.id}"))
        if number >= 300 and report.id in older:
            matches = index.rank(report, now=report.opened_at)
            hits.append([one.incident for one in matches[:1]] == [incident])
        index.add(replace(report, incident=incident))
    assert len(hits) >= 30
    assert sum(hits) >= 0.9 * len(hits)


def test_the_same_lessons_make_the_same_model():
    reports, duplicates = past(300)
    one, other = (learn_pair_model(reports, duplicates, {}, seed=1) for _ in range(2))
    assert (one.slope, one.bias, one.link_from) == (other.slope, other.bias, other.link_from)
    assert one.rankers is not None
    assert other.rankers is not None
    assert [trees.model_to_string() for trees in one.rankers.trees] == [
        trees.model_to_string() for trees in other.rankers.trees
    ]
    assert np.array_equal(one.rankers.plain.weights, other.rankers.plain.weights)


def test_duplicates_that_were_all_found_lately_are_too_few():
    """Nothing earlier tells how sure one may be; it is said instead of failing."""
    reports, duplicates = past(300)
    asked = list(lessons(reports, duplicates, {}, horizon_hours=24 * 365))
    answered = [one.question for one in asked if one.question.right.any()]
    unanswered = [one.question for one in asked if not one.question.right.any()]
    with pytest.raises(NotEnoughHistory, match=r"known duplicates are among the latest 30%"):
        PairModel.learn([*unanswered * (3 * len(answered)), *answered], seed=1)


def test_too_few_duplicates_are_named():
    reports, duplicates = past(60)
    with pytest.raises(NotEnoughHistory, match=r"17 known duplicates .*60 are needed"):
        learn_pair_model(reports, duplicates, {}, seed=1)


WILD = st.builds(
    a_report,
    id=st.uuids(),
    minutes_ago=st.floats(-1e5, 1e6),
    title=st.text(max_size=30) | st.sampled_from(WORDS),
    body=st.text(max_size=30) | st.just("x" * 1_000_000) | st.just("a b " * 250_000),
    service=st.sampled_from(["", "checkout", "search"]),
    address=st.text(max_size=5),
    customer=st.text(max_size=3),
    place=st.none() | st.tuples(st.floats(), st.floats()) | st.just((42.0, -71.0)),
    incident=st.none() | st.sampled_from(["INC-1", "INC-2"]),
)


@settings(deadline=None, max_examples=60)
@given(reports=st.lists(WILD, max_size=8, unique_by=lambda one: one.id), asked=WILD)
def test_any_reports_can_be_kept_and_asked_about(reports, asked):
    """Whatever they hold: proper probabilities, best first, each fault once, links only where they may be."""
    index = an_index(*reports, model=replace(SURE, suggest_from=0.0))
    matches = index.rank(asked, now=NOW, limit=5)
    assert len(matches) <= 5
    chances = [one.probability for one in matches]
    assert all(0 <= chance <= 1 for chance in chances)
    assert chances == sorted(chances, reverse=True)
    faults = [one.incident or one.report for one in matches]
    assert len(faults) == len(set(faults))
    services = {one.id: one.service for one in reports}
    for one in matches:
        assert one.verdict is MatchVerdict.SUGGEST or services[one.report] == asked.service != ""
