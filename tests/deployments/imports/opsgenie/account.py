"""An account's export, shaped as opsgenie-oas and the API's documentation have the answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deployments.commands.imports.tools import import_opsgenie
from incidents.imports.report import Imported
from tests.deployments.imports.exports import NAMES, NOW, saved

USERS = {"ana": "Ana Silva", "bo": "Bo Berg", "cy": "Cy Young", "di": "Di Okafor"}


def participant(name: str) -> dict[str, Any]:
    return {"type": "user", "id": f"u-{name}", "username": f"{name}@acme.example"}


def rotation(name: str, people: str, start: str, **more: Any) -> dict[str, Any]:
    """Weekly turns of one week, unless said otherwise."""
    turns = {"type": "weekly", "length": 1, **more}
    return {
        "id": f"r-{name}",
        "name": name,
        "startDate": start,
        "endDate": None,
        "participants": [participant(one) for one in people.split()],
        **turns,
    }


def schedule(name: str, *rotations: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": f"s-{name}",
        "name": name,
        "description": "",
        "timezone": "Europe/Berlin",
        "enabled": True,
        "rotations": list(rotations),
        **more,
    }


def rule(minutes: int, kind: str, identity: str, **more: Any) -> dict[str, Any]:
    return {
        "condition": "if-not-acked",
        "notifyType": "default",
        "delay": {"timeAmount": minutes, "timeUnit": "minutes"},
        "recipient": {"type": kind, "id": identity},
        **more,
    }


def answer(*data: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"data": list(data), "took": 0.01, "requestId": "d9f6f2b0", **more}


def users() -> dict[str, Any]:
    return answer(
        *(
            {"id": f"u-{key}", "username": f"{key}@acme.example", "fullName": name, "blocked": False}
            for key, name in USERS.items()
        ),
        totalCount=len(USERS),
        paging={"first": "https://api.opsgenie.com/v2/users?limit=100&offset=0"},
    )


def account() -> dict[str, Any]:
    """The files of a small account: two teams, one schedule each, one escalation, two services."""
    return {
        "users.json": users(),
        "schedules.json": answer(
            schedule("Payments", rotation("Primary", "ana bo cy", "2026-10-05T07:00:00Z")),
            schedule("Platform", rotation("All", "di", "2026-01-05T08:00:00Z")),
        ),
        "overrides-s-Payments.json": answer(
            {
                "_parent": {"id": "s-Payments", "name": "Payments", "enabled": True},
                "alias": "swap",
                "user": participant("di"),
                "startDate": "2026-10-20T16:00:00Z",
                "endDate": "2026-10-21T07:00:00Z",
                "rotations": [],
            }
        ),
        "teams.json": answer({"id": "t-pay", "name": "Payments"}, {"id": "t-plat", "name": "Platform"}),
        "routing-rules-t-pay.json": answer(
            {"name": "p1", "isDefault": False, "notify": {"type": "escalation", "id": "e-other"}},
            {"name": "Default", "isDefault": True, "notify": {"type": "escalation", "id": "e-pay"}},
        ),
        "routing-rules-t-plat.json": answer(
            {"name": "Default", "isDefault": True, "notify": {"type": "schedule", "id": "s-Platform"}}
        ),
        "escalations.json": answer(
            {
                "id": "e-pay",
                "name": "Payments_escalation",
                "ownerTeam": {"id": "t-pay", "name": "Payments"},
                "rules": [
                    rule(0, "schedule", "s-Payments"),
                    rule(10, "schedule", "s-Platform"),
                    rule(20, "user", "u-bo"),
                ],
                "repeat": {
                    "waitInterval": 10,
                    "count": 2,
                    "resetRecipientStates": True,
                    "closeAlertAfterAll": False,
                },
            }
        ),
        "services.json": answer(
            {"id": "x-1", "name": "Checkout", "description": "", "teamId": "t-pay", "tags": ["eu"]},
            {"id": "x-2", "name": "Accounts", "teamId": "t-plat"},
        ),
    }


def imported(folder: Path, files: dict[str, Any]) -> Imported:
    return import_opsgenie(saved(folder / "export", files), NAMES, now=NOW)


def one_schedule(*rotations: dict[str, Any], overrides: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """An account with that schedule alone, and the users of the whole one."""
    files = {name: account()[name] for name in ("users.json",)}
    files["schedules.json"] = answer(schedule("Payments", *rotations))
    if overrides is not None:
        files["overrides-s-Payments.json"] = answer(*overrides)
    return files


NIGHT = {
    "type": "time-of-day",
    "restriction": {"startHour": 19, "startMin": 0, "endHour": 11, "endMin": 0},
}


def override(who: str, start: str, end: str, *rotations: str) -> dict[str, Any]:
    named = [{"id": f"r-{one}", "name": one} for one in rotations]
    return {"user": participant(who), "startDate": start, "endDate": end, "rotations": named}
