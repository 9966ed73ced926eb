"""The pages of the Prefect UI: what people need from each, and nothing alive of a customer's making."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from incidents.basis import Basis
from incidents.case import EntryKind
from incidents.models import IncidentState
from incidents.policy.insights import InsightMode, SurgeInsight
from incidents.report_file import ReportFile
from incidents.sla.clock import SlaClock, SlaMetric
from incidents.store.sla.board import BoardRow
from incidents.store.timeline import TimelineEntry
from insights.quality.checked_feed import CheckedFeed, Unchecked
from insights.quality.report import Check, Finding, QualityReport
from insights.surge.outcomes import NotedSurge, SurgeEnd, SurgeOutcome, SurgeTally
from insights.training.drift import Drift, DriftChange, Moved
from tasks.pages.drift import drift_page
from tasks.pages.feeds import feeds_page
from tasks.pages.files import FileLinks
from tasks.pages.history import history_page
from tasks.pages.sla_board import board_table
from tasks.pages.story import story_page
from tasks.pages.surges import SHOWN, surges_page
from tests.incidents.builders import NOW, a_case, a_policy, a_ticket, an_incident, with_clocks

HOSTILE = "<img src=x> ![i](http://evil.example/i.png) | *x* #1"
ID = UUID(int=7)
MINUTE = timedelta(minutes=1)
DAYS = timedelta(days=90)
FINDING = Finding(check=Check.VOLUME, column="", words=HOSTILE, observed=HOSTILE)
SURGE = NotedSurge(
    name=f"surge symptom={HOSTILE.replace(' ', '+')} 2026-11-22T11:30",
    service="checkout",
    since=NOW - 30 * MINUTE,
    noted_at=NOW - 20 * MINUTE,
    words=HOSTILE,
    is_shadow=True,
)
OUTCOME = SurgeOutcome(surge=SURGE, end=SurgeEnd.INCIDENT, incident="INC-7", lead=12 * MINUTE)
FEW = SurgeTally(right=1, settled=2)
SETTING = SurgeInsight(mode=InsightMode.SHADOW, score=5.0)
PLOT = ReportFile(name="history-routing.html", title="Every expectation", media_type="text/html", content=b"")
NOWHERE = FileLinks(base=None, token="t")
REPORT = QualityReport(checked=7, findings=(FINDING,))


def an_entry(
    text: str, *, kind: EntryKind = EntryKind.NOTE, minutes: int = 0, actor: str = "Liaison"
) -> TimelineEntry:
    return TimelineEntry(at=NOW + minutes * MINUTE, kind=kind, actor=actor, text=text, run_id=None)


def a_row(**changes: object) -> BoardRow:
    clock = SlaClock(
        subject="zendesk/support#1",
        metric=SlaMetric.FIRST_RESPONSE,
        policy="gold",
        calendar="always",
        target=timedelta(hours=1),
        warnings=(),
        started_at=NOW,
        running_since=NOW,
    )
    row = BoardRow(
        clock=clock, due_at=NOW + 60 * MINUTE, who=None, ticket="zendesk/support#1", ticket_url=None,
        incident=None, service=None, risk=0.25,
    )  # fmt: skip
    return replace(row, **changes)


def story(case=None, entries=()):
    return story_page(case or a_case(), entries, Basis(a_policy(), NOW))


PAGES = {
    "story": lambda: story(
        a_case(an_incident(IncidentState.ESCALATED, title=HOSTILE, responder=HOSTILE), [a_ticket(subject=HOSTILE)]),
        [an_entry(HOSTILE, actor=HOSTILE)],
    ),
    "surges": lambda: surges_page([OUTCOME], FEW, SETTING, span=DAYS),
    "drift": lambda: drift_page(
        "service routing", Drift(changes=(DriftChange(what=HOSTILE, words=HOSTILE, moved=Moved.WATCH),))
    ),
    "feeds": lambda: feeds_page(
        [
            CheckedFeed(connection=HOSTILE, too_little=HOSTILE),
            CheckedFeed(connection="zendesk/support", since=NOW, findings=(FINDING,)),
        ],
        [Unchecked(connection=HOSTILE, why=HOSTILE)],
        [HOSTILE],
        HOSTILE,
        now=NOW,
    ),
    "history": lambda: history_page("service routing", REPORT, [], NOWHERE, examples=10),
}  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_hostile_words_stay_words(page):
    """They are all there, and none of their markup is alive."""
    written = PAGES[page]()
    assert "evil.example" in written
    assert not re.findall(r"<img|(?<!\\)\]\(|http://evil", written)


def test_a_story_tells_state_who_and_promises_as_of_its_moment():
    case = with_clocks(a_case(an_incident(IncidentState.ESCALATED)))
    written = story(case, [an_entry("Paged by pagerduty/main")])
    assert written.startswith("# INC-7 ")
    assert "**escalated**" in written
    assert "- 12:00:00 Paged by pagerduty/main" in written
    assert "## Promises\n\n~~~~~~text\n" in written


def test_a_storms_chunks_are_one_line_of_the_story():
    chunks = [an_entry(f"{number} more", kind=EntryKind.JOINED, minutes=number) for number in range(20)]
    written = story(entries=[an_entry("Opened"), *chunks, an_entry("Closed", minutes=30)])
    assert "20 more batches of tickets joined, until 12:19:00" in written
    assert written.count("more") == 1


def test_of_many_tickets_the_first_are_shown_and_the_others_counted():
    written = story(a_case(linked=[a_ticket(number) for number in range(60)]))
    assert "## Tickets (60)" in written
    assert written.endswith("- and 10 more")


@pytest.mark.parametrize(
    ("tally", "mode", "advice"),
    [
        (SurgeTally(right=2, settled=10), InsightMode.ON, "set `insights.surge.score` to 6 (it is 5)"),
        (FEW, InsightMode.SHADOW, "`insights.surge.mode: on` lets them open candidates"),
        (SurgeTally(right=9, settled=10), InsightMode.ON, "`insights.surge.score` is 5; higher is quieter."),
    ],
)
def test_what_is_advised_of_surges(tally, mode, advice):
    assert advice in surges_page([OUTCOME], tally, SurgeInsight(mode=mode, score=5.0), span=DAYS)


def test_a_surges_end_is_told_with_its_lead_and_older_ones_are_counted():
    written = surges_page([OUTCOME] * (SHOWN + 3), FEW, SETTING, span=DAYS)
    assert "INC-7, seen 12 min before it was opened" in written
    assert "in the last 90 days" in written
    assert "3 older ones are not shown." in written


@pytest.mark.parametrize(
    ("moved", "has_advice"), [(Moved.FINE, False), (Moved.WATCH, False), (Moved.RETRAIN, True)]
)
def test_a_model_that_drifted_is_to_be_trained_again(moved, has_advice):
    drift = Drift(changes=(DriftChange(what="product", words="is new", moved=moved),))
    assert ("run the flow `train`" in drift_page("service routing", drift)) is has_advice


def test_a_history_page_links_its_file_or_says_how_there_would_be_a_link():
    """And counts what holds."""
    here = FileLinks(base="https://liaison.example", token="t0k3n")
    linked = history_page("service routing", REPORT, [PLOT], here, examples=1200)
    assert "6 of 7 expectations hold for 1,200 rows." in linked
    assert linked.endswith(f"[Every expectation](https://liaison.example/reports/t0k3n/{PLOT.name})")
    assert "`links.gateway`" in history_page("service routing", REPORT, [PLOT], NOWHERE, examples=1200)


def test_a_feed_that_is_as_usual_says_how_it_was_held():
    feed = CheckedFeed(connection="zendesk/support", since=NOW, recent=1200, learnt_from=9000, checked=12)
    written = feeds_page([feed], [], [], "all well", now=NOW)
    assert "As usual." in written
    assert "Held 1,200 tickets since 2026-11-22 12:00 UTC against the 9,000 before, in 12 checks" in written


@pytest.mark.parametrize(
    ("changes", "cells"),
    [
        ({}, {"clock": "running", "risk": "25%", "with": "nobody", "due (UTC)": "11-22 13:00"}),
        ({"due_at": NOW - MINUTE}, {"clock": "missed", "risk": ""}),
        ({"ticket_url": "https://desk.example/1"}, {"link": "[open](https://desk.example/1)"}),
        ({"ticket_url": "javascript:alert(1)"}, {"link": ""}),
        ({"ticket_url": "https://x.example/)![i](https://y.example"}, {"link": ""}),
        ({"who": "Ada](http://x.example)"}, {"with": "Ada] (http://x.example)"}),
        (
            {"ticket": None, "incident": "INC-7"},
            {"link": f"[open](https://ui.example/artifacts/artifact/{ID})"},
        ),
        ({"ticket": None, "incident": "INC-8"}, {"link": "[open](https://ui.example/artifacts/key/inc-8)"}),
    ],
)
def test_a_row_of_the_board(changes, cells):
    (row,) = board_table(
        [a_row(**changes)], now=NOW, prefect_ui="https://ui.example", stories={"inc-7": ID}
    ).rows
    assert {name: row[name] for name in cells} == cells


def test_the_boards_sentence_counts_what_is_on_it():
    paused = replace(a_row().clock, running_since=None, paused_because="waiting_for_customer")
    rows = [a_row(), a_row(), a_row(due_at=NOW - MINUTE), a_row(clock=paused, due_at=None)]
    table = board_table(rows, now=NOW, prefect_ui="", stories={})
    assert "2 to come, 1 missed and still open, 1 standing still" in table.description
    assert table.rows[3]["clock"] == "waiting for customer"
