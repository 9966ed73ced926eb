"""A replay tells what would have been: right where the past tells it, and never by what was known only later."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployments.commands.backtest import SEED, Replayed, replay_export
from incidents.policy.insights import Insights
from insights.backtest.breaches import breach_section
from insights.backtest.duplicates import duplicates_section
from insights.backtest.export_history import read_export
from insights.backtest.export_promises import export_promises
from insights.backtest.failure import BacktestError
from insights.backtest.history import (
    History,
    ReplayWindow,
    choose_window,
)
from insights.backtest.routing import routing_section
from insights.backtest.sections import BacktestSection
from insights.backtest.surges import surge_section
from insights.learning import (
    CannotLearn,
    NotEnoughHistory,
    UnusableHistory,
)
from tests.insights.backtest import exports
from tests.insights.backtest.exports import (
    DAY,
    FIRST,
    Row,
)

NOW = FIRST + 400 * DAY
CUT = FIRST + 130 * DAY
"""Where the replay begins."""


def replay(folder: Path, tickets: list[Row], *said: str) -> Replayed:
    file = exports.write(folder / "export.csv", tickets)
    return replay_export(read_export(file, said, now=NOW), start=CUT, end=None, insights=Insights())


def past(folder: Path, tickets: list[Row]) -> tuple[History, ReplayWindow]:
    history = read_export(exports.write(folder / "export.csv", tickets), (), now=NOW)
    return history, choose_window(history, start=CUT, end=None)


def routing_of(folder: Path, tickets: list[Row]) -> BacktestSection:
    return routing_section(*past(folder, tickets), "group", accuracy=0.9, seed=SEED)


def breach_of(folder: Path, tickets: list[Row]) -> BacktestSection:
    history, window = past(folder, tickets)
    found = export_promises(history, window)
    return breach_section(
        found.rows, found.roles, window, has_due=found.has_due, limits=found.limits, seed=SEED
    )


def duplicates_of(folder: Path, tickets: list[Row]) -> BacktestSection:
    return duplicates_section(*past(folder, tickets), link_above=0.9, suggest_above=0.3, seed=SEED)


def surge_of(folder: Path, tickets: list[Row]) -> BacktestSection:
    return surge_section(*past(folder, tickets), score=5.0)


def sections(replayed: Replayed) -> Mapping[str, BacktestSection]:
    return {section.name: section for section in replayed.sections}


def value(section: BacktestSection, words: str) -> float:
    (figure,) = [figure for figure in section.figures if figure.words.startswith(words)]
    return float(figure.value.rstrip("%").replace(",", ""))


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    return replay(tmp_path_factory.mktemp("replay"), exports.rows())


def test_each_insight_has_its_section(replayed):
    assert [*sections(replayed)] == ["routing-group", "duplicates", "surge", "breach"]
    assert [section.missing for section in replayed.sections] == [""] * 4
    for section in replayed.sections:
        assert all(figure.n for figure in section.figures), "a figure without its sample says nothing"


def test_routing_spares_what_it_would_have_spared(replayed):
    """Texts tell the group, and one first group in six is wrong: nearly all of these it would have had right."""
    routing = sections(replayed)["routing-group"]
    assert value(routing, "Right if it had to answer always") > 95
    assert 10 < value(routing, "Reassignments spared") < 25
    assert value(routing, "Reassignments caused") < 3
    told = routing.tables[0].rows
    assert len(told) == 70 * 8
    assert told["created_at"].min() >= CUT


def test_duplicates_are_found(replayed):
    duplicates = sections(replayed)["duplicates"]
    assert value(duplicates, "Known duplicates whose fault was among the 5") > 80
    assert "Learnt from" in duplicates.limits[0]


def test_a_breach_is_seen_before_it_comes(replayed):
    breach = sections(replayed)["breach"]
    assert value(breach, "AUC at opening") > 0.7
    told = breach.tables[0].rows
    assert (told["at"] < told["breach_at"].fillna(told["at"].max() + DAY)).all()
    assert [figure.words for figure in breach.figures][-1].startswith("Time from then to the breach")


def test_a_surge_is_told_when_it_shows(tmp_path):
    """Thirty tickets of one product within half an hour, where one in three hours is usual."""
    tickets = exports.rows()
    burst = FIRST + 180 * DAY + timedelta(hours=3)
    storm = [
        tickets[0]
        | {"Ticket ID": f"storm {number}", "Created at": f"{burst + timedelta(minutes=number):%Y-%m-%dT%H:%M:%SZ}"}
        | {"Requester": f"caller {number}", "Product": "Till", "Solved at": "", "Due at": "", "Duplicate of": ""}
        for number in range(30)
    ]  # fmt: skip
    surge = surge_of(tmp_path, tickets + storm)
    (alarms,) = [table.rows for table in surge.tables if table.name == "surge-alarms"]
    (row,) = alarms[alarms["at"] >= burst].to_dict("records")
    assert row["group"] == "product Till"
    assert burst <= row["at"] <= burst + timedelta(minutes=15)
    assert "reports of product Till within" in row["evidence"]


def test_what_is_learnt_later_is_not_used(tmp_path):
    """From the cut on every text means another group. Only who looked ahead could know."""
    after = dict(zip(exports.GROUPS, [*exports.GROUPS][1:] + [*exports.GROUPS][:1], strict=True))
    moved = exports.changed(
        exports.rows(duplicates=False),
        lambda ticket: {"Group": after[ticket["Group"]]} if ticket["Created at"] >= f"{CUT:%Y-%m-%d}" else {},
    )
    routing = routing_of(tmp_path, moved)
    assert value(routing, "Right if it had to answer always") < 2


def test_what_was_still_open_is_not_learnt_from(tmp_path):
    """Earlier tickets got their group after the cut: none of them may be learnt from."""
    late = exports.changed(exports.rows(), lambda ticket: {"Solved at": "2026-12-01T00:00:00Z"})
    with pytest.raises(NotEnoughHistory, match="0 tickets with 0 labels"):
        routing_of(tmp_path, late)


def test_a_column_that_knows_the_end_is_refused(tmp_path):
    """A planted leak: the product says how it ended."""
    leaking = exports.changed(
        exports.rows(),
        lambda ticket: {"Product": "late" if ticket["Solved at"] > ticket["Due at"] else "in time"},
    )
    with pytest.raises(
        UnusableHistory, match=r"too good to be true: product .*Was it written when the case had ended"
    ):
        breach_of(tmp_path, leaking)


def test_columns_that_only_the_end_has_are_not_looked_at(replayed):
    """Neither group nor agent nor priority: an export has them as they were at the end."""
    routing = sections(replayed)["routing-group"]
    assert any("from subject, body, product, channel;" in limit for limit in routing.limits)


def test_a_history_of_one_kind(tmp_path):
    """One group and no broken promise: nothing to learn, said with numbers, and what can be told is told."""
    same = exports.changed(
        exports.rows(duplicates=False),
        lambda ticket: {"Group": "Payments", "First group": "Payments", "Solved at": ticket["Created at"]},
    )
    found = sections(replay(tmp_path, same))
    assert (
        "1 labels that occur 5 times or more; needed are 50 tickets and 2 labels"
        in found["routing-group"].missing
    )
    assert "0 of them breached; a breach model needs 300" in found["breach"].missing
    assert "0 known duplicates among the candidates; 60 are needed" in found["duplicates"].limits[0]
    assert [found[name].missing for name in ("duplicates", "surge")] == ["", ""]


@pytest.mark.parametrize(
    ("missing", "section", "told"),
    [
        (("Group", "First group"), routing_of, "none of the tickets replayed has a group"),
        (("Subject", "Description"), duplicates_of, "without subject or body"),
        (("Due at",), breach_of, "the export needs due_at and resolved_at"),
        (("Solved at",), breach_of, "nothing says which promises were broken"),
        (("Product", "Group", "First group"), surge_of, "tickets are counted by one of service, product"),
    ],
)
def test_a_missing_column_is_named(tmp_path, missing, section, told):
    with pytest.raises(CannotLearn, match=told):
        section(tmp_path, exports.without(exports.rows(days=160), *missing))


def test_verdicts_without_due_times(tmp_path):
    """As ServiceNow exports them: whether it was kept, and when it was over."""
    tickets = exports.changed(
        exports.rows(), lambda ticket: {"Made SLA": str(ticket["Solved at"] <= ticket["Due at"])}
    )
    breach = breach_of(tmp_path, exports.without(tickets, "Due at"))
    assert value(breach, "AUC at opening") > 0.7
    assert "nothing can be said of how long before" in breach.limits[-1]


def test_too_little_history(tmp_path):
    file = exports.write(tmp_path / "export.csv", exports.rows(days=30))
    found = sections(
        replay_export(read_export(file, (), now=NOW), start=FIRST + 5 * DAY, end=None, insights=Insights())
    )
    assert "not enough history: 4 of 14 days" in found["surge"].missing
    assert "needed are" in found["routing-group"].missing
    assert "a breach model needs 300" in found["breach"].missing


def test_nothing_to_replay(tmp_path):
    file = exports.write(tmp_path / "export.csv", exports.rows(days=30))
    with pytest.raises(BacktestError, match="give other --from and --to"):
        replay_export(read_export(file, (), now=NOW), start=FIRST - DAY, end=None, insights=Insights())


def test_the_last_quarter_is_replayed_or_the_last_third(tmp_path):
    long = read_export(exports.write(tmp_path / "long.csv", exports.rows(days=300, a_day=2)), (), now=NOW)
    window = choose_window(long, start=None, end=None)
    assert (window.end - window.start).days == 91
    short = read_export(exports.write(tmp_path / "short.csv", exports.rows(days=30, a_day=2)), (), now=NOW)
    window = choose_window(short, start=None, end=None)
    assert 9 <= (window.end - window.start).days <= 10


@settings(max_examples=4, deadline=None)
@given(cells=st.lists(st.text(max_size=60), min_size=8, max_size=8))
def test_hostile_cells_stop_nothing(tmp_path_factory, cells):
    """Whatever is in subject, body, group, product or customer: each section is there, or says why it is not."""
    folder = tmp_path_factory.mktemp("hostile")
    names = (
        "Subject",
        "Description",
        "Group",
        "First group",
        "Product",
        "Requester",
        "Channel",
        "Duplicate of",
    )
    tickets = exports.rows(days=60, a_day=4)
    hostile = exports.changed(
        tickets[::7],
        lambda _: dict(zip(names, (c.encode(errors="replace").decode() for c in cells), strict=True)),
    )
    file = exports.write(folder / "export.csv", [*hostile, *(one for n, one in enumerate(tickets) if n % 7)])
    found = replay_export(
        read_export(file, (), now=NOW), start=FIRST + 40 * DAY, end=None, insights=Insights()
    )
    assert not any("could not be computed" in section.missing for section in found.sections)
