"""Statuspage's JSON and our words; plain functions.

Shapes: `Incident`, `IncidentUpdate` and `Component` of https://developer.statuspage.io/.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from connectors.kit.fields import record, records, text
from connectors.kit.markdown import unreferenced
from connectors.kit.marks import mark_of
from connectors.kit.status_pages.components import PageComponent, hit, over
from connectors.kit.status_pages.settings import is_id
from incidents.errors import Refused
from incidents.models import Severity
from incidents.texts.plain_text import cut, one_line, visible

MAX_NAME = 255
MAX_BODY = 25_000
OURS = "liaison"
"""What our part of an incident's metadata is called; each value at its top has to be an object."""
IMPACTS = {
    Severity.CRITICAL: "critical",
    Severity.HIGH: "major",
    Severity.MEDIUM: "minor",
    Severity.LOW: "minor",
}
FAULTS = {
    Severity.CRITICAL: "major_outage",
    Severity.HIGH: "partial_outage",
    Severity.MEDIUM: "degraded_performance",
    Severity.LOW: "degraded_performance",
}
_WORSE = ("operational", "degraded_performance", "partial_outage", "major_outage")
_OVER = frozenset({"resolved", "postmortem", "completed"})
_OPEN = frozenset({"investigating", "identified", "monitoring"})
_OPENED, _SAID = "opened", "said"
# Whether the page renders markup in a message is not documented: a tag, an entity and a link of Markdown are broken.
_MARKUP = re.compile(r"<(?=[A-Za-z/!?])|&(?=#?\w{1,40};)|\](?=\()")


def components_from(data: Any) -> list[PageComponent]:
    """The components of a list; groups are only headings."""
    return [
        PageComponent(id=text(one.get("id")), name=text(one.get("name")), status=text(one.get("status")))
        for one in records(data)
        if one.get("group") is not True and is_id(text(one.get("id")))
    ]


def faults(components: Iterable[PageComponent], severity: Severity) -> dict[str, str]:
    """What a fault changes of the components, by their ids."""
    looks = {one: hit(one, FAULTS[severity], _WORSE) for one in components}
    return {one.id: look for one, look in looks.items() if look != one.status}


def mended(incident: Mapping[str, Any], others: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """What its end changes of the incident's components: those of another open one are left."""
    own = incident.get("id")
    still = {
        one.id
        for other in others
        if other.get("id") != own and other.get("status") in _OPEN
        for one in components_from(other.get("components"))
    }
    looks = {one: over(one, still, _WORSE) for one in components_from(incident.get("components"))}
    return {one.id: look for one, look in looks.items() if look != one.status}


def opened_with(once: str) -> dict[str, dict[str, Any]]:
    """The metadata of a new incident: our key as a mark."""
    return {OURS: {_OPENED: mark_of(once)}}


def is_opened_with(incident: Mapping[str, Any], once: str) -> bool:
    """Whether it is the one that was opened with this key."""
    return _ours(incident).get(_OPENED) == mark_of(once)


def said_with(incident: Mapping[str, Any], once: str) -> dict[str, Any]:
    """The incident's metadata with the key of one more update; what others keep there stays."""
    ours = _ours(incident)
    said = {**record(ours.get(_SAID)), mark_of(once): True}
    return {**_objects(incident), OURS: {**ours, _SAID: said}}


def is_said_with(incident: Mapping[str, Any], once: str) -> bool:
    """Whether an update was said with this key."""
    return record(_ours(incident).get(_SAID)).get(mark_of(once)) is True


def is_over(incident: Mapping[str, Any]) -> bool:
    """Whether somebody said that it is over."""
    return incident.get("status") in _OVER


def update_ids(incident: Mapping[str, Any]) -> set[str]:
    """The ids of what was said so far."""
    return {text(one.get("id")) for one in records(incident.get("incident_updates"))} - {""}


def name_of(title: str) -> str:
    """An incident's name as Statuspage takes it."""
    return cut(_inert(one_line(title)) or "Problem", MAX_NAME)


def body_of(words: str) -> str:
    """A message as Statuspage takes it. Raises `Refused` for one in which nobody can read anything."""
    said = visible(words).strip()
    if not said:
        raise Refused("statuspage: an empty message would tell nobody anything")
    return cut(_inert(said), MAX_BODY)


def _inert(words: str) -> str:
    return unreferenced(words, _MARKUP)


def _objects(incident: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value for name, value in record(incident.get("metadata")).items() if isinstance(value, dict)
    }


def _ours(incident: Mapping[str, Any]) -> dict[str, Any]:
    return record(_objects(incident).get(OURS))
