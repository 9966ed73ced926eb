"""Instatus' JSON and our words; plain functions.

Shapes: the examples of https://instatus.com/help/api/incidents, incident-updates and components.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.kit.fields import record, records, text, utc_time
from connectors.kit.markdown import inert_markdown
from connectors.kit.status_pages.components import PageComponent, hit, over
from connectors.kit.status_pages.settings import is_id
from incidents.errors import Refused, Unrecognised
from incidents.models import Severity
from incidents.public_incident import PublicState
from incidents.texts.plain_text import cut, one_line, visible

MAX_NAME = 255
MAX_MESSAGE = 10_000
"""Instatus says no limit of either; nobody reads more."""
FAULTS = {
    Severity.CRITICAL: "MAJOROUTAGE",
    Severity.HIGH: "PARTIALOUTAGE",
    Severity.MEDIUM: "DEGRADEDPERFORMANCE",
    Severity.LOW: "DEGRADEDPERFORMANCE",
}
STATES = {state: state.value.upper() for state in PublicState}
# In the order of https://instatus.com/help/webhooks, which alone names a minor outage.
_WORSE = ("OPERATIONAL", "DEGRADEDPERFORMANCE", "PARTIALOUTAGE", "MINOROUTAGE", "MAJOROUTAGE")
_OPEN = frozenset({"INVESTIGATING", "IDENTIFIED", "MONITORING"})
_MILLISECOND = timedelta(milliseconds=1)
_NO_REFERENCE = re.compile(r"(?!)")


def components_from(data: Any) -> list[PageComponent]:
    """The components of a list, without those that others name as their group."""
    listed = records(data)
    groups = {_id_of(one.get("group")) for one in listed}
    return [
        PageComponent(id=text(one.get("id")), name=text(one.get("name")), status=text(one.get("status")))
        for one in listed
        if is_id(text(one.get("id"))) and one.get("id") not in groups
    ]


def hit_statuses(components: Iterable[PageComponent], severity: Severity) -> list[dict[str, str]]:
    """How the components look in a fault, one by one."""
    return [{"id": one.id, "status": hit(one, FAULTS[severity], _WORSE)} for one in components]


def kept_statuses(incident: Mapping[str, Any]) -> list[dict[str, str]]:
    """How the incident's components look now: an update says it again."""
    return [{"id": one.id, "status": one.status} for one in components_from(incident.get("components"))]


def mended_statuses(incident: Mapping[str, Any], others: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """How the incident's components look when it is over: those of another open one as they are."""
    own = incident.get("id")
    still = {
        one.id
        for other in others
        if other.get("id") != own and is_open(other)
        for one in components_from(other.get("components"))
    }
    return [
        {"id": one.id, "status": over(one, still, _WORSE)}
        for one in components_from(incident.get("components"))
    ]


def is_open(incident: Mapping[str, Any]) -> bool:
    """Whether it is not over."""
    return incident.get("status") in _OPEN


def began_at(incident: Mapping[str, Any], moment: datetime) -> bool:
    """Whether it, or an update, began at this moment, which nothing else of ours has."""
    return _moment(incident.get("started")) == moment


def says_at(incident: Mapping[str, Any], moment: datetime) -> bool:
    """Whether something was said in it at this moment."""
    return any(began_at(one, moment) for one in records(incident.get("updates")))


def moment_after(now: datetime, taken: Sequence[datetime]) -> datetime:
    """Now, to the millisecond, as Instatus keeps it; later than all that are taken, and on no full second, as times
    that people type are."""
    moment = now.astimezone(UTC).replace(microsecond=now.microsecond // 1000 * 1000)
    if taken:
        moment = max(moment, max(taken) + _MILLISECOND)
    return moment if moment.microsecond else moment + _MILLISECOND


def written_moment(moment: datetime) -> str:
    """As Instatus writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def name_of(title: str) -> str:
    """An incident's name: one line."""
    return cut(one_line(title) or "Problem", MAX_NAME)


def message_of(words: str) -> str:
    """A message as Instatus takes it: Markdown, in which nothing is rendered. Raises `Refused` for one in which nobody
    can read anything."""
    said = visible(words).strip()
    if not said:
        raise Refused("instatus: an empty message would tell nobody anything")
    return inert_markdown(cut(said, MAX_MESSAGE), references=_NO_REFERENCE)


def _moment(value: Any) -> datetime | None:
    try:
        moment = utc_time(value, of="instatus")
    except Unrecognised:
        return None
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _id_of(group: Any) -> str:
    """A group is named by its id, or shown whole."""
    return text(group) or text(record(group).get("id"))
