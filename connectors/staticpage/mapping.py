"""What the page shows, out of the record: services with their states, problems open and past; and the same as JSON.

A text is data. What a reader cannot see is taken out here, once for all formats; each format escapes the rest itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from connectors.staticpage.settings import StaticPageSettings
from incidents.models import PublicText, Severity
from incidents.public_incident import PublicIncident, PublicState
from incidents.texts.plain_text import one_line, visible

FORMAT = 1
"""Of status.json: a reader of another version sees that it is another one."""

# XML cannot hold these, and no other format needs them.
_NONCHARACTERS = re.compile("[\ufdd0-\ufdef\ufffe\uffff]")


class ServiceState(StrEnum):
    """How a service is, as the public reads it."""

    WORKING = "working"
    WATCHED = "watched"
    PARTLY_DISRUPTED = "partly_disrupted"
    DISRUPTED = "disrupted"


SERVICE_WORDS = {
    ServiceState.WORKING: "Working",
    ServiceState.WATCHED: "Working again, being watched",
    ServiceState.PARTLY_DISRUPTED: "Partly disrupted",
    ServiceState.DISRUPTED: "Disrupted",
}
STATE_WORDS = {
    PublicState.INVESTIGATING: "Investigating",
    PublicState.IDENTIFIED: "Cause found",
    PublicState.MONITORING: "Being watched",
    PublicState.RESOLVED: "Resolved",
}
_WORST_FIRST = tuple(reversed(ServiceState))


@dataclass(frozen=True, kw_only=True, slots=True)
class StatusView:
    """All that stands on a page at one moment. `opened` and `past` have the newest first."""

    settings: StaticPageSettings
    services: tuple[tuple[str, ServiceState], ...]
    opened: tuple[PublicIncident, ...]
    past: tuple[PublicIncident, ...]
    recent: tuple[PublicIncident, ...]
    """Those of `past` that the first page shows."""

    @property
    def changed_at(self) -> datetime | None:
        """When something was last said; None where nothing ever was."""
        return max((one.changed_at for one in (*self.opened, *self.past)), default=None)

    @property
    def headline(self) -> str:
        """How it stands, in one line."""
        hit = [name for name, state in self.services if state is not ServiceState.WORKING]
        if not self.opened:
            return "All services are working"
        if all(one.state is PublicState.MONITORING for one in self.opened):
            return f"Fixed, and being watched: {_listed(hit)}" if hit else "Fixed, and being watched"
        return f"Problem with {_listed(hit)}" if hit else self.opened[0].title


def view(incidents: Sequence[PublicIncident], settings: StaticPageSettings, *, now: datetime) -> StatusView:
    """The page of these public incidents, the newest first."""
    clean = [_clean(one) for one in incidents]
    opened = tuple(one for one in clean if one.resolved_at is None)
    past = tuple(one for one in clean if one.resolved_at is not None)
    since = first_day(now, settings.days)
    hit: dict[str, ServiceState] = {}
    for one in opened:
        for name in one.services:
            hit[name] = min(hit.get(name, ServiceState.WORKING), _state_of(one), key=_WORST_FIRST.index)
    names = dict.fromkeys([*settings.services, *hit])
    return StatusView(
        settings=settings,
        services=tuple((name, hit.get(name, ServiceState.WORKING)) for name in names),
        opened=opened,
        past=past,
        recent=tuple(one for one in past if one.resolved_at is not None and one.resolved_at >= since),
    )


def first_day(now: datetime, days: int) -> datetime:
    """The midnight from which on something is shown: by whole days, so that a page does not change all the time."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days)


def status_json(shown: StatusView) -> bytes:
    """status.json: for other programs, and for ourselves, to see that an update can be read."""
    changed_at = shown.changed_at
    document = {
        "format": FORMAT,
        "title": shown.settings.title,
        "summary": shown.headline,
        "changed_at": None if changed_at is None else changed_at.isoformat(),
        "services": [{"name": name, "state": state.value} for name, state in shown.services],
        "incidents": [_as_json(one) for one in (*shown.opened, *shown.past)],
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _as_json(one: PublicIncident) -> dict[str, Any]:
    return {
        "id": one.id,
        "title": one.title,
        "state": one.state.value,
        "services": list(one.services),
        "opened_at": one.opened_at.isoformat(),
        "resolved_at": None if one.resolved_at is None else one.resolved_at.isoformat(),
        "updates": [
            {"id": said.id, "state": said.state.value, "text": said.text, "at": said.at.isoformat()}
            for said in one.updates
        ],
    }


def shown_updates(content: bytes) -> dict[str, set[str]]:
    """The ids of a status.json's incidents, each with its updates'. Raises `ValueError` for what is none of ours."""
    try:
        document = json.loads(content)
        return {str(one["id"]): {str(said["id"]) for said in one["updates"]} for one in document["incidents"]}
    except (TypeError, KeyError, RecursionError) as error:
        raise ValueError("not written by us") from error


def _state_of(one: PublicIncident) -> ServiceState:
    if one.state is PublicState.MONITORING:
        return ServiceState.WATCHED
    return ServiceState.DISRUPTED if one.severity <= Severity.HIGH else ServiceState.PARTLY_DISRUPTED


def _clean(one: PublicIncident) -> PublicIncident:
    return replace(
        one,
        title=PublicText(_readable(one_line(one.title)) or "Problem"),
        services=tuple(name for service in one.services if (name := _readable(one_line(service)))),
        updates=tuple(
            replace(said, text=PublicText(_readable(visible(said.text)).strip())) for said in one.updates
        ),
    )


def _readable(text: str) -> str:
    return _NONCHARACTERS.sub("", text)


def _listed(names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    if len(names) > 4:
        return f"{', '.join(names[:3])} and {len(names) - 3} more"
    return f"{', '.join(names[:-1])} and {names[-1]}"
