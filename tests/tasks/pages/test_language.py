"""What an operations team reads of ours in the Prefect UI, in its language: every word is data or in the catalogues."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from incidents.basis import Basis
from incidents.models import IncidentState
from incidents.policy.policy import Flapping, Policy
from incidents.store.ledger.noise import PageNoise
from incidents.texts.team import MARKED, team_reads
from insights.quality.checked_feed import CheckedFeed, Unchecked
from insights.quality.report import Check, Finding
from insights.sla_report.csv_files import csv_files
from insights.sla_report.plots import pictures
from insights.sla_report.report import sla_report
from tasks.pages.feeds import feeds_page
from tasks.pages.files import FileLinks
from tasks.pages.noise import noise_page
from tasks.pages.now import SHOWN, headline, now_page
from tasks.pages.sla_board import board_table
from tasks.pages.sla_report import report_page
from tasks.pages.story import story_page
from tests.incidents.builders import NOW, with_clocks
from tests.incidents.texts.greek import (
    GATEWAY,
    greek_boards,
    greek_case,
    greek_entries,
    greek_incident,
    greek_policy,
    greek_rows,
    greek_standing,
)
from tests.incidents.texts.marked import read
from tests.insights.sla_report.outcomes import AFTER, WEEK, frame, kept, missed, still_open

DATA = re.compile(
    r"\b(subject|body|requester|product|channel|tier|group|priority|always|severity-[0-9]|W[0-9]+|CSV|Wilson|docs/sla-report.md)\b|`[^`]*`|<[a-z]+>"
    r"|\]\([^)]*\)|~~~~~~text"
)
"""Names of a ticket's fields as rules have them, of our calendar and policies, what is typed, addresses, and markup."""


def pages(language: str) -> Iterator[tuple[str, str]]:
    policy = greek_policy(language)
    basis = Basis(policy, NOW)
    with team_reads(language):
        for state in IncidentState:
            yield f"story {state}", story_page(greek_case(greek_incident(state)), greek_entries(), basis)
        long = with_clocks(greek_case(greek_incident(merged_into=8)), policy)
        long = replace(long, tickets=long.tickets * 20, untold=long.untold * 40)
        yield "story long", story_page(long, greek_entries(), basis, reviewed_at="/x")
        unanswered = greek_case(greek_incident(), ledger=())
        yield "story unanswered", story_page(unanswered, greek_entries(), basis)
        for name, board in greek_boards().items():
            yield f"now {name}", now_page(board, policy, {})
            yield f"headline {name}", headline(board)
        many = replace(greek_boards()["full"], incidents=[greek_standing()] * (SHOWN + 1))
        yield "now many", now_page(many, policy, {})
        table = board_table(greek_rows(), now=NOW, prefect_ui="https://prefect.example", stories={})
        yield (
            "sla board",
            "\n".join([table.description, *(f"{k} {v}" for row in table.rows for k, v in row.items())]),
        )
        yield (
            "feeds",
            feeds_page(feeds(), [Unchecked(connection="κ", why="γιατί")], ["λόγος"], "τίτλος", now=NOW),
        )
        yield from reports(greek_policy(language))


def reports(policy: Policy) -> Iterator[tuple[str, str]]:
    """Of a week that is over, of one that is not, and of one in which nothing was due."""
    greek = {"policy": "χρυσή", "service": "ταμείο", "team": "ομάδα", "tier": "χρυσός", "channel": "ιστός"}
    rows = [
        kept(**greek),
        *(missed(**greek, cause=f"αιτία {number}", metric="resolution") for number in range(25)),
        still_open(**greek, cause="αιτία"),
        kept(**greek, week=str(WEEK.before())),
    ]
    for name, given, now in (("over", rows, AFTER), ("begun", rows, WEEK.start), ("empty", [], AFTER)):
        report = sla_report(frame(given), WEEK, now=now)
        files = [*csv_files(report)]
        for where in (None, GATEWAY):
            links = FileLinks(base=where, token="token")
            yield f"sla report {name} {where}", report_page(report, files, links)
    noisy = [
        PageNoise(service=service, pages=4, in_vain=3, examples=("INC-1",), held=2, spared=1, not_us=2)
        for service in ("checkout", "search")
    ]
    for flapping in (None, Flapping()):
        advised = policy.model_copy(
            update={"escalation": policy.escalation.model_copy(update={"flapping": flapping})}
        )
        yield f"noise {flapping}", noise_page(noisy, str(WEEK), advised)
    yield "noise empty", noise_page([], str(WEEK), policy)


def feeds() -> list[CheckedFeed]:
    findings = tuple(
        Finding(check=check, column="subject", words="λείπει", observed="τίποτα") for check in Check
    )
    return [
        CheckedFeed(
            connection="zendesk/support", since=NOW - timedelta(days=1), findings=findings, recent=1200
        ),
        CheckedFeed(connection="zendesk/other", since=NOW),
        CheckedFeed(connection="zendesk/new", too_little="λίγα"),
    ]


def test_every_word_is_data_or_in_the_catalogues():
    found = {name: read(DATA.sub("", page)).loose for name, page in pages(MARKED)}
    assert {name: loose for name, loose in found.items() if loose} == {}


def test_a_control_finds_what_is_not_marked():
    assert [name for name, page in pages("en") if not read(DATA.sub("", page)).loose] == []


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (
            "now full",
            "**Schweregrad 2**, eskaliert seit 21.11.2026, 12:00 Uhr UTC, bei: **noch niemand (Technik ist",
        ),
        ("story escalated", "**eskaliert** seit 12:00 Uhr UTC"),
        ("sla board", "fällig (UTC) 22.11. 13:00"),
        ("feeds", "1.200 Tickets seit 21.11.2026, 12:00 Uhr UTC mit den 0 davor verglichen"),
        ("sla report over None", "**4 % eingehalten, 26 verfehlt (Vorwoche: 100 % eingehalten)**"),
        ("headline full", "57 offene Vorfälle, davon 56 mit Schweregrad 2, Stand 12:00 Uhr UTC"),
    ],
)
def test_in_german(page: str, words: str):
    assert words in dict(pages("de"))[page]


def test_pictures_are_drawn_in_german():
    """Their titles stand on the page, too; what is drawn on them is drawn, umlauts and all."""
    report = sla_report(frame([kept(), missed(), still_open()]), WEEK, now=AFTER)
    with team_reads("de"):
        drawn = list(pictures(report))
    assert [one.title for one in drawn] == [
        "Eingehaltene Zusagen, Woche für Woche",
        "Arbeitszeiten, Woche für Woche",
        "Warum Zusagen verfehlt wurden",
    ]
    assert all(one.content.startswith(b"\x89PNG") for one in drawn)
