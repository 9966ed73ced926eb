"""`liaison models` for people: what predicts, how good it is, and what to do where there is nothing yet."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO

from rich.console import Console

from deployments.commands.models import ModelRow, print_models

NOW = datetime(2026, 3, 1, 3, tzinfo=UTC)


def printed(*rows: ModelRow) -> str:
    written = StringIO()
    print_models(Console(file=written, width=160), list(rows))
    return written.getvalue()


def test_a_model_is_a_line():
    row = ModelRow(
        id=7,
        model="routing service",
        state="champion",
        trained_at=NOW,
        history_from=NOW,
        history_until=NOW,
        examples=12_345,
        metric="accuracy",
        value=0.91,
        low=0.9,
        high=0.92,
        calibration=0.0123,
        verdict="",
    )
    line = printed(row).splitlines()[1]
    for said in (
        "7",
        "routing service",
        "predicts",
        "2026-03-01 03:00",
        "12,345",
        "accuracy 0.910 (0.900 to 0.920)",
        "0.012",
    ):
        assert said in line


def test_without_any_it_says_how_they_come():
    assert "the flow `train` makes them" in printed()
