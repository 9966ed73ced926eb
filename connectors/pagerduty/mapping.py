"""PagerDuty's JSON and our words, both ways: plain functions that survive missing and null fields.

Events API v2: https://developer.pagerduty.com/docs/send-alert-event
REST API:      https://developer.pagerduty.com/api-reference/ (Incidents)
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from connectors.kit.fields import items, record, records, text, utc_time
from incidents.errors import Refused, Unrecognised
from incidents.events import PageChange, PageEvent
from incidents.models import Link, Page, PageState, PageStatus, Severity
from incidents.texts.plain_text import cut, one_line, visible

CLIENT = "Liaison"
MAX_KEY = 255  # characters; documented
MAX_SUMMARY = 1024  # characters; documented
# An event may have 512 KB; these keep ours far below, whatever a ticket contained.
MAX_DETAILS = 40
MAX_DETAIL = 2000
MAX_LINKS = 20
# Not documented for notes. Far below the 55 KB over which a webhook trims the text and our marker with it.
MAX_NOTE = 10_000

_SEVERITIES = {
    Severity.CRITICAL: "critical",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "info",
}
_MARKER = re.compile(r"\s*\[liaison:[0-9a-f]{8}\]\s*\Z")


def trigger(page: Page, once: str, routing_key: str) -> dict[str, Any]:
    """The event that pages. PagerDuty drops what is too long by refusing the event, so it is cut here."""
    return {
        "routing_key": routing_key,
        "event_action": "trigger",
        "dedup_key": dedup_key(once),
        "client": CLIENT,
        "links": _links(page.links),
        "payload": {
            "summary": cut(one_line(page.summary) or "(no summary)", MAX_SUMMARY),
            "source": cut(one_line(page.source) or CLIENT, MAX_KEY),
            "severity": _SEVERITIES[page.severity],
            "custom_details": _details(page.details),
        },
    }


def follow_up(action: str, key: str, routing_key: str) -> dict[str, Any]:
    """The event that acknowledges or resolves what `key` triggered."""
    return {"routing_key": routing_key, "event_action": action, "dedup_key": dedup_key(key)}


def dedup_key(once: str) -> str:
    """The key as PagerDuty takes it; a longer one is refused rather than cut, which could make two equal."""
    if not once or len(once) > MAX_KEY:
        raise Refused(f"pagerduty: a page's key must have 1 to {MAX_KEY} characters, this has {len(once)}")
    return once


def page_state(incident: Any, key: str) -> PageState:
    """An incident of the REST API. Raises `Unrecognised` without id or with a status we do not know."""
    fields = record(incident)
    page_id = text(fields.get("id"))
    try:
        status = PageStatus(text(fields.get("status")))
    except ValueError as error:
        raise Unrecognised(f"pagerduty: incident {page_id} has a status we do not know") from error
    if not page_id:
        raise Unrecognised("pagerduty: an incident without id")
    return PageState(
        key=key,
        page_id=page_id,
        status=status,
        responders=_responders(fields),
        url=text(fields.get("html_url")) or None,
        # A service for a time-out, an integration for an event: nobody's word that it is fixed.
        changed_by=_person(fields.get("last_status_change_by")),
    )


def wakes_at(incident: Any) -> datetime | None:
    """When an acknowledged incident will ring again by itself: the service's time-out, or the end of a snooze."""
    for action in records(record(incident).get("pending_actions")):
        if action.get("type") == "unacknowledge":
            try:
                return utc_time(action.get("at"), of="pagerduty", zone=UTC)
            except Unrecognised:
                return None
    return None


def snoozer(log: Any) -> str | None:
    """Who snoozed the incident, by its log; None if what last settled when it rings was an acknowledgement."""
    # The newest is listed first; of two in one moment too.
    listed = [
        entry for entry in records(record(log).get("log_entries")) if _log_type(entry) in _SETTLE_RINGING
    ]
    newest_one = max(listed, key=lambda entry: text(entry.get("created_at")), default=None)
    if newest_one is None or _log_type(newest_one) != "snooze_log_entry":
        return None
    return _person(newest_one.get("agent"))


def _log_type(entry: dict[str, Any]) -> str:
    return text(entry.get("type")).removesuffix("_reference")


_SETTLE_RINGING = frozenset({"snooze_log_entry", "acknowledge_log_entry", "unacknowledge_log_entry"})
_OBSTACLES = {"maintenance": "is in maintenance", "disabled": "is disabled"}


def obstacle(listing: Any, routing_key: str) -> str | None:
    """Of a page of services with their integrations: why the one with this key takes no pages ("" if it does), or None
    if it is not among them."""
    for service in records(record(listing).get("services")):
        keys = [text(one.get("integration_key")) for one in records(service.get("integrations"))]
        if routing_key in keys:
            why = _OBSTACLES.get(text(service.get("status")), "")
            return f"its service {text(service.get('name'))} {why}" if why else ""
    return None


def newest(listing: Any) -> dict[str, Any] | None:
    """Of a listing with the newest first: the one still open, else the newest.

    Open ones win because a merge resolves the newer incident and moves its alert into an older one, which
    goes on under the same key.
    """
    incidents = records(record(listing).get("incidents"))
    return next((item for item in incidents if item.get("status") != "resolved"), next(iter(incidents), None))


def key_of(incident: Any, alerts: Any) -> str:
    """The key an incident was paged with.

    An incident opened through the Events API shows `incident_key: null`; our key is its alert's `alert_key`.
    One opened by hand has no alert and, at most, a key of PagerDuty's own making. "" when there is neither.
    """
    keys = [text(record(item).get("alert_key")) for item in items(record(alerts).get("alerts"))]
    return next(filter(None, keys), text(record(incident).get("incident_key")))


def marker(once: str) -> str:
    """How a note of ours is found again: PagerDuty keeps no field of ours on one, so it stands in the text."""
    return f"[liaison:{hashlib.sha256(once.encode()).hexdigest()[:8]}]"


def noted(listing: Any, connection: str, state: PageState) -> list[PageEvent]:
    """The notes of an incident, the oldest first, as webhooks tell them."""
    found = []
    for item in records(record(listing).get("notes")):
        said, is_ours = unmarked(text(item.get("content")))
        found.append(
            PageEvent(
                connection=connection,
                page_id=state.page_id,
                key=state.key,
                change=PageChange.NOTED,
                at=utc_time(item.get("created_at"), of="pagerduty", zone=UTC),
                actor=text(record(item.get("user")).get("summary")),
                text=said,
                by_us=is_ours,
                note_id=text(item.get("id")),
            )
        )
    return sorted(found, key=lambda event: event.at)


def note(content: str, once: str) -> dict[str, Any]:
    """The note with its marker last, so that it is found again and known as ours."""
    return {"note": {"content": f"{cut(visible(content), MAX_NOTE)}\n\n{marker(once)}"}}


def has_note(listing: Any, once: str) -> bool:
    """Whether a listing of notes has the one written with this key."""
    contents = [text(record(item).get("content")) for item in items(record(listing).get("notes"))]
    return any(content.rstrip().endswith(marker(once)) for content in contents)


def unmarked(content: str) -> tuple[str, bool]:
    """A note's text without our marker, and whether it had one."""
    plain, count = _MARKER.subn("", content)
    return plain, bool(count)


def user_named(listing: Any, email: str) -> str | None:
    """The name of the user with this address among those found."""
    for item in items(record(listing).get("users")):
        fields = record(item)
        if text(fields.get("email")).casefold() == email.casefold():
            return text(fields.get("name")) or email
    return None


def _details(details: Sequence[tuple[str, str]]) -> dict[str, str]:
    result: dict[str, str] = {}
    for label, value in details[:MAX_DETAILS]:
        wanted = cut(one_line(label), MAX_KEY)
        name, count = wanted, 2
        while name in result:
            name, count = f"{wanted} ({count})", count + 1
        result[name] = cut(visible(value), MAX_DETAIL)
    return result


def _links(links: Sequence[Link]) -> list[dict[str, str]]:
    """Web addresses only; PagerDuty would show anything else as a link just the same."""
    safe = [link for link in links if link.url.startswith(("https://", "http://"))]
    return [{"href": link.url, "text": cut(one_line(link.label), MAX_KEY)} for link in safe[:MAX_LINKS]]


def _responders(incident: dict[str, Any]) -> tuple[str, ...]:
    """Who acknowledged, then who is assigned; an acknowledgement by an integration is nobody's."""
    people = [record(item).get("acknowledger") for item in items(incident.get("acknowledgements"))]
    people += [record(item).get("assignee") for item in items(incident.get("assignments"))]
    return tuple(dict.fromkeys(filter(None, map(_person, people))))


def is_person(reference: Any) -> bool:
    """Whether it refers to a user, not to a service, an integration or a rule."""
    return text(record(reference).get("type")) in ("user", "user_reference")


def _person(reference: Any) -> str:
    """The name behind a reference to a user; "" for what is no person."""
    return text(record(reference).get("summary")) if is_person(reference) else ""
