"""The weekly report: what is counted, how sure its shares are, percentiles, causes, and its words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pandas as pd
import pytest

from insights.sla_report.report import (
    ALL_POLICIES,
    DIMENSIONS,
    TREND_WEEKS,
    Attained,
    percent,
    sla_report,
)
from insights.sla_report.words import (
    headline,
    sections,
    when,
)
from tests.insights.sla_report.outcomes import (
    AFTER,
    WEEK,
    frame,
    kept,
    missed,
    report,
    still_open,
)

LAST_WEEK = str(WEEK.before())


def row(table: pd.DataFrame, **where: object) -> dict[str, object]:
    """The only row with these values."""
    for name, value in where.items():
        table = table[table[name] == value]
    (found,) = table.to_dict("records")
    return {str(name): value for name, value in found.items()}


def test_attainment_counts_by_dimension_and_metric():
    found = report(
        kept(),
        kept(metric="resolution"),
        missed(),
        still_open(metric="resolution"),
        kept(policy="silver", week=LAST_WEEK),
    )
    by_policy = found.attainment[DIMENSIONS.index("policy")]
    assert row(by_policy, policy="gold", metric="all").items() >= {"kept": 2, "missed": 1, "open": 1}.items()
    assert row(by_policy, metric="resolution").items() >= {"kept": 1, "open": 1, "share_kept": 0.5}.items()
    assert row(by_policy, metric="first_response").items() >= {"kept": 1, "missed": 1, "counted": 2}.items()
    assert list(by_policy["metric"]) == ["all", "first_response", "resolution"], (
        "last week's silver is not here"
    )
    assert found.attained == Attained(kept=2, missed=1, still_open=1)
    for table, dimension in zip(found.attainment, DIMENSIONS, strict=True):
        assert row(table, metric="all")[dimension] == kept()[dimension]


@pytest.mark.parametrize(
    ("good", "bad", "low", "high"),
    [
        (81, 182, 0.2553, 0.3662),
        (15, 133, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 28, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_wilsons(good: int, bad: int, low: float, high: float):
    """As R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998),
    has it in table I, method 3."""
    table = report(*[kept()] * good, *[missed()] * bad).attainment[0]
    found = row(table, metric="all")
    assert (found["low"], found["high"]) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_percentiles_are_of_what_was_done():
    """Interpolated; of kept and missed alike, not of what is open, and of no other promises than these two."""
    found = report(
        *(kept(minutes=minutes) for minutes in (10, 20, 30)),
        missed(minutes=50),
        still_open(),
        kept(metric="next_update", minutes=1),
        kept(metric="mitigation", minutes=1),
        kept(metric="resolution", policy="silver", minutes=7),
    ).waits
    first = row(found, policy="gold", metric="first_response")
    assert first.items() >= {"stopped": 4, "p50": 25.0, "p75": 35.0, "p90": pytest.approx(44.0)}.items()
    assert row(found, policy="silver")["p95"] == 7.0
    assert len(found) == 2


def test_causes_are_counted_and_their_time_added_up():
    """Of missed ones, open or not; the most frequent first, then where it lay longest."""
    found = report(
        kept(cause="Ann: open"),
        missed(held=30.0),
        missed(cause="Bob: new", held=200.0),
        still_open(held=15.0),
        missed(cause="Cy: new", held=100.0),
    )
    assert [*found.causes.itertuples(index=False, name=None)] == [
        ("Ann: open", 2, 45.0),
        ("Bob: new", 1, 200.0),
        ("Cy: new", 1, 100.0),
    ]


def test_the_trend_has_every_week():
    """Empty ones too; what is older is not in it."""
    found = report(
        kept(), missed(week=LAST_WEEK), kept(week=str(WEEK.before(11))), kept(week=str(WEEK.before(12)))
    )
    total = found.trend[found.trend["policy"] == ALL_POLICIES]
    assert list(total["week"]) == [str(week) for week in WEEK.and_before(TREND_WEEKS)]
    assert list(total["counted"]) == [1, *[0] * 9, 1, 1]
    assert total["share_kept"].isna().sum() == 9
    assert found.attained_in(WEEK.before()) == Attained(kept=0, missed=1, still_open=0)


def test_an_empty_week_says_so():
    found = report(kept(week=LAST_WEEK))
    assert headline(found) == "nothing was due (100 % kept the week before)"
    assert headline(report()) == "nothing was due"
    assert [len(section.rows) for section in sections(found)] == [0] * 8


@pytest.mark.parametrize(
    ("share", "written"),
    [(0.0, "0 %"), (1e-9, "1 %"), (0.944, "94 %"), (0.999, "99 %"), (1 - 1e-9, "99 %"), (1.0, "100 %")],
)
def test_a_share_is_never_all_or_nothing_unless_it_is(share: float, written: str):
    assert percent(share) == written


def test_words():
    """What was missed most stands first; names that are not ours are one short line."""
    found = report(
        *[kept()] * 15,
        missed(),
        missed(tier="stan\ndard", channel="mail" * 50),
        still_open(tier="stan\ndard", metric="resolution"),
        *[kept(week=LAST_WEEK)] * 3,
    )
    assert headline(found) == "83 % kept, 3 missed (100 % kept the week before)"
    by_title = {section.title: section for section in sections(found)}
    assert by_title["Kept by tier"].rows == (
        ("stan dard", "0 % (0 % to 66 %)", "0", "1", "1"),
        ("gold", "94 % (72 % to 99 %)", "15", "1", "0"),
    )
    assert by_title["Kept by policy and promise"].rows[0][0] == "gold, first response"
    assert by_title["How long it took"].rows == (
        ("gold, first response", "17", "10 min", "10 min", "42 min", "1 h 30 min"),
    )
    assert by_title["Why promises were missed"].rows == (("Ann: open", "3", "3 h 00 min"),)
    assert max(len(name) for name, *_ in by_title["Kept by channel"].rows) == 60
    for section in by_title.values():
        assert all(len(cells) == len(section.headings) for cells in section.rows)


def test_a_week_that_is_not_over_is_said_to_be():
    found = report(kept())
    assert when(found) == "Monday 2026-11-16 to Sunday 2026-11-22, UTC"
    early = replace(found, made_at=WEEK.start + timedelta(days=2))
    assert when(early).endswith("the week is not over, and these are its figures until 2026-11-18 00:00 UTC")


def test_counting_does_not_change_the_frame():
    """The same frame may be counted again."""
    rows = frame([kept(), missed(), still_open()])
    before = rows.copy(deep=True)
    sla_report(rows, WEEK, now=AFTER)
    pd.testing.assert_frame_equal(rows, before)
