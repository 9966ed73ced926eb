"""What the fake keeps of a page, and how it shows it: the examples of https://instatus.com/help/api."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import Any

PAGE = "ckf01fonve9i40a32oas5b0uw"
STATES = ("INVESTIGATING", "IDENTIFIED", "MONITORING", "RESOLVED")
COMPONENT_STATUSES = (
    "OPERATIONAL",
    "UNDERMAINTENANCE",
    "DEGRADEDPERFORMANCE",
    "PARTIALOUTAGE",
    "MINOROUTAGE",
    "MAJOROUTAGE",
)


def made_id(what: str) -> str:
    """An id in Instatus' form, the same for the same words."""
    return "ck" + hashlib.sha256(what.encode()).hexdigest()[:23]


def iso(at: datetime) -> str:
    """A time as Instatus writes it: with milliseconds."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(kw_only=True)
class ListedComponent:
    """One line of the page; `group` is the id of its heading."""

    id: str
    name: str
    status: str = "OPERATIONAL"
    group: str = ""


@dataclass(frozen=True, kw_only=True)
class PostedUpdate:
    """One thing that was said, and when it is said to have begun."""

    id: str
    status: str
    message: str
    started: datetime
    notify: bool


@dataclass(kw_only=True)
class PostedIncident:
    """One incident; `updates` in the order in which they were posted."""

    id: str
    name: str
    started: datetime
    status: str = "INVESTIGATING"
    is_published: bool = True
    components: list[str] = field(default_factory=list)
    updates: list[PostedUpdate] = field(default_factory=list)


def shown_component(one: ListedComponent, components: Mapping[str, ListedComponent]) -> dict[str, Any]:
    """A component as the list of components has it."""
    group = components.get(one.group)
    return {
        "id": one.id,
        "name": one.name,
        "status": one.status,
        "description": "",
        "showUptime": True,
        "order": 0,
        "group": None if group is None else {"id": group.id, "name": group.name},
    }


def shown_update(one: PostedUpdate) -> dict[str, Any]:
    """An update as its incident has it."""
    return {
        "id": one.id,
        "message": one.message,
        "messageHtml": f"<p>{escape(one.message)}</p>",
        "status": one.status,
        "notify": one.notify,
        "started": iso(one.started),
        "ended": None,
    }


def shown_incident(one: PostedIncident, components: Mapping[str, ListedComponent]) -> dict[str, Any]:
    """An incident as the list of incidents has it."""
    return {
        "id": one.id,
        "name": one.name,
        "status": one.status,
        "started": iso(one.started),
        "resolved": iso(one.updates[-1].started) if one.status == "RESOLVED" else None,
        "updates": [shown_update(said) for said in one.updates],
        "components": [
            {"id": id_, "name": components[id_].name, "status": components[id_].status, "showUptime": True}
            for id_ in one.components
            if id_ in components
        ],
    }


def wrong(told: Mapping[str, Any], known: Sequence[str]) -> str | None:
    """What is wrong with what somebody posts; `known` are the page's components. None where nothing is."""
    ids, statuses = told.get("components", []), told.get("statuses", [])
    if not isinstance(ids, list) or not isinstance(statuses, list):
        return "components and statuses must be lists"
    if not all(isinstance(one, dict) for one in statuses):
        return "statuses must be objects"
    rules = {
        "message is required": isinstance(told.get("message"), str) and bool(told["message"].strip()),
        "status is not valid": told.get("status") in STATES,
        "started is not a time": _is_time(told.get("started")),
        "a component is not of the page": {*ids, *(one.get("id") for one in statuses)} <= set(known),
        "the status of a component is not valid": all(
            one.get("status") in COMPONENT_STATUSES for one in statuses
        ),
    }
    return next((rule for rule, is_kept in rules.items() if not is_kept), None)


def _is_time(value: Any) -> bool:
    try:
        return value is None or datetime.fromisoformat(value).tzinfo is not None
    except (TypeError, ValueError):
        return False
