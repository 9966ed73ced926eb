"""The fake Redmine's people, projects and lists, as Redmine writes them: also the fields that nobody here reads."""

from __future__ import annotations

from typing import Any

from connectors.redmine.fake.tracker import STATUSES, StoredAccount

LONG_AGO = "2020-01-01T00:00:00Z"
NEVER_FILLED = {
    "start_date": None,
    "due_date": None,
    "done_ratio": 0,
    "estimated_hours": None,
    "total_estimated_hours": None,
}
"""Of an issue."""
PROJECT = {
    "id": 1,
    "name": "Shop",
    "identifier": "shop",
    "description": "",
    "homepage": "",
    "status": 1,
    "is_public": True,
    "inherit_members": False,
    "created_on": LONG_AGO,
    "updated_on": LONG_AGO,
}


def account(number: int, stored: StoredAccount, login: str) -> dict[str, Any]:
    """A user; without the address of who hides it."""
    first, _, last = stored.name.partition(" ")
    known: dict[str, Any] = {
        "id": number,
        "login": login,
        "firstname": first,
        "lastname": last,
        "created_on": LONG_AGO,
        "updated_on": LONG_AGO,
        "last_login_on": None,
        "passwd_changed_on": None,
    }
    return known | ({"mail": stored.mail} if stored.mail else {})


def membership(number: int, role: int, **member: Any) -> dict[str, Any]:
    """A user's or a group's, in the one project."""
    roles = [{"id": role, "name": f"Role {role}"}]
    return {"id": number, "project": {"id": 1, "name": "Shop"}, **member, "roles": roles}


def role(number: int, permissions: list[str]) -> dict[str, Any]:
    """What it may do."""
    return {
        "id": number,
        "name": f"Role {number}",
        "assignable": True,
        "issues_visibility": "default",
        "time_entries_visibility": "all",
        "users_visibility": "all",
        "permissions": permissions,
    }


def trackers() -> list[dict[str, Any]]:
    """Those of every project."""
    return [
        {
            "id": number,
            "name": name,
            "default_status": {"id": 1, "name": "New"},
            "description": None,
            "enabled_standard_fields": ["assigned_to_id", "category_id"],
        }
        for number, name in ((1, "Bug"), (2, "Feature"))
    ]


def statuses() -> list[dict[str, Any]]:
    """All there are, reachable or not."""
    return [
        {"id": number, "name": name, "is_closed": is_closed, "description": None}
        for number, (name, is_closed) in STATUSES.items()
    ]
