"""Opsgenie's JSON and our words, both ways: plain functions that survive missing and null fields.

Alerts and their limits: https://docs.opsgenie.com/docs/alert-api
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from connectors.kit.fields import items, record, records, text, utc_time
from connectors.kit.marks import carries_mark, marked
from incidents.errors import Refused, Unrecognised
from incidents.models import Link, Page, PageState, PageStatus, Severity
from incidents.texts.plain_text import cut, one_line, visible

CLIENT = "Liaison"
# Characters, all documented; of details all keys and values together.
MAX_ALIAS = 512
MAX_MESSAGE = 130
MAX_DESCRIPTION = 15_000
MAX_DETAILS = 8_000
MAX_SOURCE = 100
MAX_NOTE = 25_000
_MARK_ROOM = 60
MAX_DETAIL = 1_000
MAX_LABEL = 100

_PRIORITIES = {Severity.CRITICAL: "P1", Severity.HIGH: "P2", Severity.MEDIUM: "P3", Severity.LOW: "P4"}
_NAMED = {"team": "name", "escalation": "name", "schedule": "name", "user": "username"}
_UNSAFE = re.compile(rb"[^A-Za-z0-9-]")
_ESCAPED = re.compile(r"_([0-9A-F]{2})")
_REQUEST_ID = re.compile(r"[0-9A-Za-z-]{1,80}")
_NO_MARKUP = str.maketrans("<>", "\u2039\u203a")


def alias_of(once: str) -> str:
    """The key as an alert's alias.

    An alias stands in paths, where servers and proxies disagree on a slash, however it is written; so all but letters,
    digits and hyphens is escaped. One too long is refused rather than cut, which could make two equal.
    """
    alias = _UNSAFE.sub(lambda found: b"_%02X" % found[0][0], once.encode(errors="replace")).decode("ascii")
    if not 1 <= len(alias) <= MAX_ALIAS:
        raise Refused(f"opsgenie: a page's key must make an alias of 1 to {MAX_ALIAS} characters")
    return alias


def key_of(alias: str) -> str:
    """The key that an alias was made of; an alias of other making is its own key."""
    try:
        raw = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), alias).encode("latin-1")
        key = raw.decode("utf-8")
        return key if key and alias_of(key) == alias else alias
    except (UnicodeError, Refused):
        return alias


def new_alert(page: Page, once: str, responder: str) -> dict[str, Any]:
    """The alert that pages. Opsgenie refuses or cuts what is too long, so it is cut here."""
    return {
        "message": cut(_plain(one_line(page.summary)) or "(no summary)", MAX_MESSAGE),
        "alias": alias_of(once),
        "description": cut("\n".join(_links(page.links)), MAX_DESCRIPTION),
        "responders": [recipient(responder)],
        "details": _details(page.details),
        "entity": cut(_plain(one_line(page.source)), MAX_ALIAS),
        "priority": _PRIORITIES[page.severity],
        **by_us(),
    }


def by_us() -> dict[str, str]:
    """By whom a change is made: shown in the alert's log, and told by webhooks."""
    return {"user": CLIENT, "source": CLIENT}


def note(content: str, once: str) -> dict[str, str]:
    """The note with its mark last, so that it is found again and known as ours."""
    return {"note": marked(cut(_plain(visible(content)), MAX_NOTE - _MARK_ROOM), once), **by_us()}


def has_note(listing: Any, once: str) -> bool:
    """Whether a listing of notes has the one written with this key."""
    return any(carries_mark(text(one.get("note")), once) for one in records(record(listing).get("data")))


def recipient(responder: str) -> dict[str, str]:
    """`team:Payments` as Opsgenie takes it."""
    kind, _, name = responder.partition(":")
    return {"type": kind, _NAMED[kind]: name}


def request_id(accepted: Any) -> str:
    """By what the fate of an accepted request is asked for. Raises `Unrecognised`."""
    found = text(record(accepted).get("requestId"))
    if _REQUEST_ID.fullmatch(found) is None:
        raise Unrecognised("opsgenie: accepted without a usable requestId")
    return found


def outcome(status: Any) -> bool | None:
    """Whether a request was done; None while it is not processed: without a success and without `processedAt`, after
    which Opsgenie's own client goes on asking. Raises `Unrecognised` where nothing is said."""
    data = record(record(status).get("data"))
    found = data.get("isSuccess")
    if not isinstance(found, bool):
        raise Unrecognised("opsgenie: the status of a request does not say whether it was done")
    return found or (False if text(data.get("processedAt")) else None)


def newest(alerts: Sequence[dict[str, Any]], alias: str) -> dict[str, Any] | None:
    """Of alerts with exactly this alias: the open one, else the newest."""
    ours = [one for one in alerts if text(one.get("alias")) == alias]
    return max(ours, key=lambda one: (is_open(one), _made_at(one)), default=None)


def is_open(alert: Any) -> bool:
    """Whether the same alias would join it rather than make another alert."""
    return record(alert).get("status") == "open"


def page_state(alert: Any) -> PageState:
    """An alert. Raises `Unrecognised` without id or with a status we do not know."""
    fields, report = record(alert), record(record(alert).get("report"))
    page_id = text(fields.get("id"))
    if not page_id or fields.get("status") not in ("open", "closed"):
        raise Unrecognised("opsgenie: an alert without id, or with a status we do not know")
    status = PageStatus.RESOLVED
    if is_open(fields):
        status = PageStatus.ACKNOWLEDGED if fields.get("acknowledged") is True else PageStatus.TRIGGERED
    people = map(person, (report.get("acknowledgedBy"), fields.get("owner")))
    ended = status is PageStatus.RESOLVED
    return PageState(
        key=key_of(text(fields.get("alias"))),
        page_id=page_id,
        status=status,
        responders=tuple(dict.fromkeys(filter(None, people))),
        url=None,
        # A policy that closes by itself, or an integration: nobody's word that it is fixed.
        changed_by=person(report.get("closedBy" if ended else "acknowledgedBy")),
        snoozed_until=None if ended else _snoozed_until(fields),
        snoozed_by=person(fields.get("owner")) if fields.get("snoozed") is True and not ended else "",
    )


def person(user: Any) -> str:
    """The user, who is known by a mail address; "" for what is none: an integration, a policy, ourselves."""
    found = text(user)
    return found if "@" in found else ""


def nobody_on_call(answer: Any) -> bool:
    """Whether a schedule, asked who is on call, names nobody; False where that is not said."""
    data = record(record(answer).get("data"))
    return isinstance(data.get("onCallRecipients"), list) and not items(data.get("onCallRecipients"))


def _snoozed_until(fields: dict[str, Any]) -> datetime | None:
    if fields.get("snoozed") is not True:
        return None
    try:
        return utc_time(fields.get("snoozedUntil"), of="opsgenie", zone=UTC)
    except Unrecognised:
        return None


def _made_at(alert: dict[str, Any]) -> datetime:
    try:
        return utc_time(alert.get("createdAt"), of="opsgenie", zone=UTC)
    except Unrecognised:
        return datetime.min.replace(tzinfo=UTC)


def _plain(said: str) -> str:
    """Opsgenie shows a message's and a description's HTML; what a customer wrote is to stay words."""
    return said.translate(_NO_MARKUP)


def _details(details: Sequence[tuple[str, str]]) -> dict[str, str]:
    result: dict[str, str] = {}
    room = MAX_DETAILS
    for label, value in details:
        wanted = cut(_plain(one_line(label)), MAX_LABEL)
        name, count = wanted, 2
        while name in result:
            name, count = f"{wanted} ({count})", count + 1
        shown = cut(_plain(visible(value)), MAX_DETAIL)
        room -= len(name) + len(shown)
        if room < 0:
            break
        result[name] = shown
    return result


def _links(links: Sequence[Link]) -> list[str]:
    """Web addresses only; an alert has no field for them."""
    safe = [link for link in links if link.url.startswith(("https://", "http://"))]
    return [f"{_plain(one_line(link.label))}: {_plain(link.url)}" for link in safe]
