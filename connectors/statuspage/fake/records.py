"""What the fake keeps of a page, and how it shows it: the shapes of https://developer.statuspage.io/."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

PAGE = "gytm4qzbx9t6"
MAX_NAME = 255
MAX_BODY = 25_000
REALTIME = ("investigating", "identified", "monitoring", "resolved")
SCHEDULED = ("scheduled", "in_progress", "verifying", "completed")
IMPACTS = ("none", "maintenance", "minor", "major", "critical")
COMPONENT_STATUSES = (
    "operational",
    "under_maintenance",
    "degraded_performance",
    "partial_outage",
    "major_outage",
    "",
)


def made_id(what: str) -> str:
    """An id in Statuspage's form, the same for the same words."""
    digits = int.from_bytes(hashlib.sha256(what.encode()).digest()[:8])
    letters = "0123456789bcdfghjklmnpqrstvwxyz"
    return "".join(letters[digits // len(letters) ** place % len(letters)] for place in range(12))


def iso(at: datetime) -> str:
    """A time as Statuspage writes it: with milliseconds."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(kw_only=True)
class ShownComponent:
    """One line of the page, or the heading of a group."""

    id: str
    name: str
    status: str = "operational"
    is_group: bool = False


@dataclass(frozen=True, kw_only=True)
class SaidUpdate:
    """One thing that was said."""

    id: str
    status: str
    body: str
    at: datetime
    delivers: bool


@dataclass(kw_only=True)
class PageIncident:
    """One incident; `said` in the order in which it was said."""

    id: str
    name: str
    status: str
    impact: str
    created_at: datetime
    components: list[str] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    said: list[SaidUpdate] = field(default_factory=list)


def shown_component(one: ShownComponent) -> dict[str, Any]:
    """`Component`."""
    return {
        "id": one.id,
        "page_id": PAGE,
        "group_id": None,
        "group": one.is_group,
        "name": one.name,
        "description": None,
        "status": one.status,
        "showcase": True,
        "only_show_if_degraded": False,
    }


def shown_incident(one: PageIncident, components: Mapping[str, ShownComponent]) -> dict[str, Any]:
    """`Incident`: the newest update first."""
    updates = [
        {
            "id": said.id,
            "incident_id": one.id,
            "status": said.status,
            "body": said.body,
            "created_at": iso(said.at),
            "display_at": iso(said.at),
            "updated_at": iso(said.at),
            "deliver_notifications": said.delivers,
            "wants_twitter_update": False,
            "affected_components": None,
        }
        for said in reversed(one.said)
    ]
    return {
        "id": one.id,
        "page_id": PAGE,
        "name": one.name,
        "status": one.status,
        "impact": one.impact,
        "impact_override": one.impact,
        "created_at": iso(one.created_at),
        "updated_at": iso(one.said[-1].at if one.said else one.created_at),
        "resolved_at": iso(one.said[-1].at) if one.status == "resolved" else None,
        "metadata": one.metadata,
        "incident_updates": updates,
        "components": [shown_component(components[id_]) for id_ in one.components if id_ in components],
        "shortlink": f"https://stspg.io/{one.id}",
    }


def shown_page(*, is_private: bool) -> dict[str, Any]:
    """`Page`, as much of it as is read."""
    return {
        "id": PAGE,
        "name": "Acme",
        "subdomain": "acme",
        "url": "https://status.acme.example",
        "time_zone": "UTC",
        "viewers_must_be_team_members": is_private,
    }


def wrong(told: Mapping[str, Any], known: Sequence[str]) -> str | None:
    """What is wrong with an incident that somebody writes; `known` are the page's components. None where nothing is."""
    name, body = told.get("name", "x"), told.get("body", "")
    statuses, ids = told.get("components", {}), told.get("component_ids", [])
    metadata = told.get("metadata", {})
    if not isinstance(statuses, dict) or not isinstance(ids, list) or not isinstance(metadata, dict):
        return "Components and metadata must be maps, component_ids a list"
    rules = {
        "Name is too long (maximum is 255 characters)": isinstance(name, str) and 0 < len(name) <= MAX_NAME,
        "Body is too long (maximum is 25000 characters)": isinstance(body, str) and len(body) <= MAX_BODY,
        "Status is not valid": told.get("status") in (None, *REALTIME, *SCHEDULED),
        "Impact override is not valid": told.get("impact_override") in (None, *IMPACTS),
        "Top level values of metadata must be objects": all(
            isinstance(one, dict) for one in metadata.values()
        ),
        "Components cannot be specified for a backfilled incident": not (
            told.get("backfilled") and (statuses or ids)
        ),
        "Component does not belong to the page": {*statuses, *ids} <= set(known),
        "Component status is not valid": set(statuses.values()) <= set(COMPONENT_STATUSES),
    }
    return next((rule for rule, is_kept in rules.items() if not is_kept), None)
