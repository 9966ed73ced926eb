"""`liaison import dispatch`: services as a policy file that loads, past incidents as a history that backtest reads."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from deployments.cli.app import app
from deployments.commands.imports.tools import import_dispatch
from deployments.imports.dispatch.export import DispatchImport
from incidents.errors import Refused
from incidents.imports.report import Fate
from incidents.imports.sections import SetupNames
from incidents.policy.file import parse_policy
from insights.backtest.export_history import read_export
from tests.deployments.imports.exports import saved, told

NAMES = SetupNames(pager="pagerduty/main", helpdesk="mail/support")
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def kind(name: str, **more: Any) -> dict[str, Any]:
    return {"id": 1, "name": name, "description": "", "enabled": True, "default": False, **more}


def incident(number: int, title: str, **more: Any) -> dict[str, Any]:
    """As `IncidentReadMinimal` has it."""
    return {
        "id": number,
        "name": f"dispatch-default-{number}",
        "title": title,
        "description": f"{title}, since the morning",
        "resolution": "Not available",
        "status": "Closed",
        "visibility": "Open",
        "incident_type": kind("Customer Facing", exclude_from_metrics=False),
        "incident_priority": kind("High", view_order=1),
        "incident_severity": kind("Low", view_order=3),
        "project": {"id": 1, "name": "default"},
        "commander": {"id": 4, "team": "Payments", "individual": {"id": 1, "email": "ana@acme.example"}},
        "participants_team": "Platform",
        "duplicates": [],
        "created_at": "2026-03-02T09:00:00.000000Z",
        "reported_at": "2026-03-02T08:59:00.000000Z",
        "stable_at": "2026-03-02T11:00:00.000000Z",
        "closed_at": "2026-03-04T11:00:00.000000Z",
        **more,
    }


def answer(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"items": list(items), "total": len(items), **more}


def organisation() -> dict[str, Any]:
    return {
        "services.json": answer(
            {
                "id": 1,
                "name": "Checkout",
                "external_id": "PXYZ123",
                "type": "pagerduty-oncall",
                "is_active": True,
            },
            {"id": 2, "name": "Search", "external_id": "s-9", "type": "opsgenie-oncall", "is_active": True},
            {"id": 3, "name": "Old", "external_id": "P1", "type": "pagerduty-oncall", "is_active": False},
        ),
        "incidents.json": answer(
            incident(1, "Card payments fail"),
            incident(2, 'Cards again, "declined"', duplicates=[{"id": 1, "name": "dispatch-default-1"}]),
            incident(3, "Drill", incident_type=kind("Simulation", exclude_from_metrics=True)),
            incident(4, "Break-in", visibility="Restricted"),
            incident(5, "No time", reported_at=None, created_at=None),
            incident(
                6,
                "Open one",
                stable_at=None,
                closed_at=None,
                commander=None,
                reported_at="2026-03-05T10:00:00",
            ),
            incident(7, "Before itself", stable_at="2026-03-01T00:00:00.000000Z"),
        ),
    }


def imported(folder: Path, files: dict[str, Any]) -> DispatchImport:
    return import_dispatch(saved(folder / "export", files), NAMES)


def test_services(tmp_path: Path):
    """A team for each, paged by a name that the pager's settings are to have; what is not PagerDuty's is told."""
    made = imported(tmp_path, organisation())
    policy = parse_policy(made.policy.text)
    assert {name: (one.title, one.team) for name, one in policy.services.items()} == {
        "checkout": ("Checkout", "checkout"),
        "search": ("Search", "search"),
    }
    assert {name: (one.pager, one.pager_target) for name, one in policy.teams.items()} == {
        "checkout": ("pagerduty/main", "checkout"),
        "search": ("pagerduty/main", "search"),
    }
    assert told(made.policy, Fate.TAKEN)[0] == (
        "service 'Checkout': as service and team checkout, paged by pagerduty/main as checkout; give routing_keys of "
        "pagerduty/main the name checkout with an integration key of 'PXYZ123' of 'pagerduty-oncall'"
    )
    assert "its on-call was 's-9' of 'opsgenie-oncall'" in told(made.policy, Fate.DIFFERS)[0]
    assert "service 'Old': it is not enabled" in told(made.policy, Fate.LEFT)


def test_the_history(tmp_path: Path):
    """Read by `liaison backtest` as it is; what is not for everybody, or was no incident, is not in it."""
    made = imported(tmp_path, organisation())
    file = tmp_path / "history.csv"
    file.write_text(made.history.text)
    frame = read_export(file, [], now=NOW).frame
    assert list(frame["ticket"]) == [f"dispatch-default-{number}" for number in (1, 2, 7, 6)]
    first = frame.iloc[0]
    assert (first["subject"], first["category"], first["group"]) == (
        "Card payments fail",
        "Customer Facing",
        "Payments",
    )
    assert str(first["created_at"]) == "2026-03-02 08:59:00+00:00"
    assert str(first["resolved_at"]) == "2026-03-02 11:00:00+00:00"
    second = frame.iloc[1]
    assert (second["subject"], second["duplicate_of"]) == ('Cards again, "declined"', "dispatch-default-1")
    assert frame.iloc[3]["group"] == "Platform"
    assert str(frame.iloc[3]["created_at"]) == "2026-03-05 10:00:00+00:00"
    assert frame["resolved_at"].isna().tolist() == [False, False, True, True]
    assert [line for line in told(made.policy, Fate.LEFT) if "past" in line] == [
        "1 past incidents: of a type that is excluded from metrics, such as exercises",
        "1 past incidents: restricted: their words are for few",
        "1 past incidents: without a time at which they were reported",
    ]
    assert "Break-in" not in made.history.text
    assert "priorities: as a column of the history (High)" in told(made.policy, Fate.DIFFERS)[2]


def test_texts_of_strangers(tmp_path: Path):
    """Line ends, NUL, quotes and separators in a text leave the history a line each."""
    ugly = 'a;b,"c"\r\nd\x00e\u2028=cmd()'
    made = imported(tmp_path, {"incidents.json": answer(incident(1, ugly, description=ugly * 50))})
    file = tmp_path / "history.csv"
    file.write_text(made.history.text, newline="")
    (row,) = read_export(file, [], now=NOW).frame["subject"]
    assert row.startswith('a;b,"c"')
    assert made.policy.text == ""


HOSTILE = [
    ({}, r"has no \.json file"),
    ({"incidents.json": answer()}, "has neither services nor incidents"),
    (
        {"incidents.json": answer(incident(1, "x"), total=30)},
        r"incidents\.json: total: there are 30 of them, and 1 are here; save the other pages as incidents-2\.json",
    ),
    (
        {"incidents.json": answer(incident(1, "x", reported_at="soon"))},
        r"incidents\.json: items\[0\]\.reported_at: ",
    ),
    ({"incidents.json": answer({"id": 1})}, r"incidents\.json: items\[0\]\.title: Field required"),
    (
        {"services.json": {"detail": [{"msg": "Could not validate credentials"}]}},
        r"services\.json: items: it must",
    ),
    ({"services.json": answer({"id": "x"})}, r"services\.json: items\[0\]\.id: "),
]


@pytest.mark.parametrize(("files", "words"), HOSTILE, ids=[words for _, words in HOSTILE])
def test_bad_exports(tmp_path: Path, files: dict[str, Any], words: str):
    """Told with file, field and cure."""
    with pytest.raises(Refused, match=words):
        imported(tmp_path, files)


def test_the_command(tmp_path: Path):
    """Both files are written, or neither."""
    export = saved(tmp_path / "export", organisation())
    policy, history = tmp_path / "new.yaml", tmp_path / "history.csv"
    line = ["import", "dispatch", str(export), "--out", str(policy), "--history", str(history)]
    policy.write_text("mine")
    result = CliRunner().invoke(app, line)
    assert isinstance(result.exception, Refused)
    assert (policy.read_text(), history.exists()) == ("mine", False)
    policy.unlink()
    result = CliRunner().invoke(app, line)
    assert result.exit_code == 0
    assert list(parse_policy(policy.read_text()).services) == ["checkout", "search"]
    assert history.read_text().count("dispatch-default-1") == 2
    result = CliRunner().invoke(app, ["import", "dispatch", str(export)])
    assert parse_policy(result.stdout).helpdesks == ["mail/support"]
    assert "4 past incidents are not written: say --history FILE." in result.stderr
