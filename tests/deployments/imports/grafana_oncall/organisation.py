"""An organisation's export, shaped as OnCall's API reference has the answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deployments.commands.imports.tools import import_grafana_oncall
from incidents.imports.report import Imported
from tests.deployments.imports.exports import NAMES, NOW, saved

USERS = ("ana", "bo", "cy", "di")


def answer(*results: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A page of a list."""
    return {
        "count": len(results),
        "next": None,
        "previous": None,
        "results": list(results),
        "current_page_number": 1,
        "page_size": 50,
        "total_pages": 1,
        **more,
    }


def rolling(name: str, users: str, start: str, **more: Any) -> dict[str, Any]:
    """Weekly turns of a whole week, unless said otherwise; of users beside each other with +: `ana+bo cy+di`."""
    return {
        "id": f"O-{name}",
        "team_id": None,
        "name": name,
        "type": "rolling_users",
        "time_zone": None,
        "level": 0,
        "start": start,
        "rotation_start": start,
        "duration": 604_800,
        "frequency": "weekly",
        "interval": 1,
        "until": None,
        "week_start": "MO",
        "by_day": None,
        "by_month": None,
        "by_monthday": None,
        "rolling_users": [[f"U-{user}" for user in group.split("+")] for group in users.split()],
        "start_rotation_from_user_index": 0,
        **more,
    }


def single(name: str, user: str, start: str, seconds: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"O-{name}",
        "team_id": None,
        "name": name,
        "type": "single_event",
        "time_zone": None,
        "level": 0,
        "start": start,
        "rotation_start": start,
        "duration": seconds,
        "users": [f"U-{user}"] if user else [],
        **more,
    }


def schedule(name: str, *shifts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": f"S-{name}",
        "team_id": None,
        "name": name,
        "type": "calendar",
        "time_zone": "Europe/Berlin",
        "on_call_now": ["U-ana"],
        "shifts": [one["id"] for one in shifts],
        "ical_url_overrides": None,
        "slack": {"channel_id": "C", "user_group_id": "G"},
        **more,
    }


def step(chain: str, position: int, kind: str, **more: Any) -> dict[str, Any]:
    return {
        "id": f"E-{chain}-{position}",
        "escalation_chain_id": f"F-{chain}",
        "position": position,
        "type": kind,
        **more,
    }


def users() -> dict[str, Any]:
    return answer(
        *({"id": f"U-{one}", "email": f"{one}@acme.example", "slack": [], "username": one} for one in USERS)
    )


def one_schedule(*shifts: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An organisation with that schedule alone."""
    return {
        "users.json": users(),
        "schedules.json": answer(schedule("Payments", *shifts, **more)),
        "on_call_shifts.json": answer(*shifts),
    }


def organisation() -> dict[str, Any]:
    """A team, two schedules, a chain, two integrations."""
    week = rolling("week", "ana bo cy", "2026-10-05T09:00:00")
    swap = {
        "id": "SSR1",
        "schedule": "S-Payments",
        "swap_start": "2026-11-02T00:00:00.000000Z",
        "swap_end": "2026-11-10T00:00:00.000000Z",
        "beneficiary": "U-bo",
        "benefactor": "U-di",
        "status": "taken",
    }
    cover = single("cover", "di", "2026-10-20T18:00:00", 54_000, type="override")
    return {
        **one_schedule(week, cover, team_id="T-1"),
        "schedules.json": answer(
            schedule("Payments", week, cover, team_id="T-1"),
            {
                **schedule("Holidays"),
                "type": "ical",
                "shifts": None,
                "ical_url_primary": "https://calendar.example/secret-7Qk2.ics",
            },
        ),
        "on_call_shifts.json": answer(week, cover),
        "teams.json": answer({"id": "T-1", "grafana_id": 1, "name": "Payments", "email": ""}),
        "escalation_chains.json": answer({"id": "F-pay", "name": "default", "team_id": "T-1"}),
        "escalation_policies.json": answer(
            step("pay", 0, "notify_on_call_from_schedule", notify_on_call_from_schedule="S-Payments"),
            step("pay", 1, "wait", duration=900),
            step("pay", 2, "notify_persons", persons_to_notify=["U-di"], important=True),
            step("pay", 3, "repeat_escalation"),
        ),
        "integrations.json": answer(
            {
                "id": "C-1",
                "name": "Checkout",
                "team_id": "T-1",
                "type": "alertmanager",
                "default_route": {"id": "R-1", "escalation_chain_id": "F-pay", "slack": {"channel_id": "C"}},
            },
            {"id": "C-2", "name": "Old", "team_id": None, "type": "webhook", "default_route": {"id": "R-2"}},
        ),
        "routes.json": answer(
            {
                "id": "R-3",
                "integration_id": "C-1",
                "escalation_chain_id": "F-pay",
                "routing_regex": "us-(east|west)",
                "position": 0,
                "is_the_last_route": False,
            }
        ),
        "shift_swaps.json": answer(swap),
    }


def imported(folder: Path, files: dict[str, Any]) -> Imported:
    return import_grafana_oncall(saved(folder / "export", files), NAMES, now=NOW)
