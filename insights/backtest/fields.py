"""What a history has of each ticket, and what the exports of helpdesks call it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from incidents.texts.plain_text import did_you_mean
from insights.backtest.failure import BacktestError

_KIND = re.compile(r"\s*\[[a-z]+\]\s*$")
_CUSTOM = re.compile(r"^custom field \((.*)\)$")
TIMES = ("created_at", "resolved_at", "due_at", "linked_at")


@dataclass(frozen=True, slots=True)
class Field:
    """`names` are headings of the exports of Zendesk, ServiceNow, Jira (Service Management), Freshdesk, Intercom,
    HubSpot and Zammad, and of published logs; the first one that an export has is taken.
    """

    meaning: str
    names: tuple[str, ...]


FIELDS: Mapping[str, Field] = {
    "ticket": Field("its number", (
            "ticket id", "conversation id", "issue key", "number", "id", "ticket", "key", "case number", "record id",
        )),
    "created_at": Field(
        "when it came in",
        (
            "created at", "opened at", "created", "opened", "ticket created timestamp", "sys created on",
            "creation date", "created date", "created time", "create date", "conversation started at",
            "conversation created at", "ticket created at", "started at", "created at utc",
        ),
    ),
    "subject": Field(
        "its first line",
        ("subject", "short description", "summary", "title", "ticket name", "conversation title", "ticket title"),
    ),
    "body": Field(
        "the customer's text",
        ("body", "description", "first comment", "details", "ticket description", "message body"),
    ),
    "service": Field(
        "what it is about, as decided in the end",
        (
            "service", "business service", "affected service", "application", "component s", "components",
            "service offering",
        ),
    ),
    "group": Field(
        "the team that had it in the end",
        (
            "group", "assignment group", "ticket group", "final group", "assigned group", "team", "assigned teams",
            "hubspot team", "team assigned", "team currently assigned", "team assignee", "assigned team",
        ),
    ),
    "first_group": Field(
        "the team that had it first", ("first group", "initial group", "first assignment group", "original group")
    ),
    "product": Field("what the customer has", ("product", "ticket product", "configuration item", "cmdb ci")),
    "category": Field(
        "the form's kind of problem",
        ("category", "ticket type", "request type", "issue type", "reason", "type"),
    ),
    "channel": Field(
        "how it came in",
        (
            "channel", "ticket channel", "contact type", "via", "source", "create channel", "conversation channel",
            "request channel type",
        )),
    "tier": Field("the customer's contract", ("tier", "customer tier", "plan", "organization tier")),
    "customer": Field(
        "who wrote it",
        ("requester id", "requester", "caller id", "caller", "reporter", "customer", "requester email",
            "contact id", "user id", "associated contact ids", "associated contact", "email", "full name",
        ),
    ),
    "reassignments": Field("how often it changed hands", ("reassignments", "reassignment count", "reassign")),
    "resolved_at": Field(
        "when it was over",
        (
            "solved at", "resolved at", "resolved time", "resolved", "closed at", "closed time", "closed", "close date",
            "ticket solved timestamp", "resolution date", "conversation last closed at", "conversation closed at",
            "last closed at", "conversation first closed at", "first closed at",
        ),
    ),
    "due_at": Field("what was promised", (
            "due at", "due by time", "sla due", "sla target", "target at", "target dt", "close escalation at",
            "time to close sla due date",
        )),
    "breached": Field("whether the promise was broken", (
            "breached", "sla breached", "has breached", "sla violated", "resolution status", "time to resolution",
            "time to close sla ticket status", "time to close sla status", "sla status",
        )),
    "kept": Field("whether the promise was kept", ("kept", "made sla", "sla kept", "sla met")),
    "duplicate_of": Field(
        "the ticket it repeats, or the incident that it shares with others",
        (
            "duplicate of", "outward issue link duplicate", "parent incident", "problem id", "problem", "incident",
            "incident id",
        ),
    ),
}  # fmt: skip


def chosen_columns(headings: Sequence[str], said: Sequence[str], *, source: str) -> dict[str, str]:
    """The heading of each field that the export has: by its common names, or as `--map FIELD=COLUMN` says.

    `FIELD=` leaves one out. Raises `BacktestError` for a field or column that is not there, and without `created_at`.
    """
    plain = {_plain(heading): heading for heading in reversed(headings)}
    found = {
        field: plain[name]
        for field, one in FIELDS.items()
        if (name := next((name for name in one.names if name in plain), None)) is not None
    }
    for pair in said:
        field, equals, column = (part.strip() for part in pair.partition("="))
        if field not in FIELDS or not equals:
            raise BacktestError(f"--map {pair[:80]!r}: write FIELD=COLUMN{did_you_mean(field, [*FIELDS])}")
        found.pop(field, None)
        if column:
            if column not in headings:
                raise BacktestError(
                    f"--map {field}: {source} has no column {column[:80]!r}{_there(headings)}"
                )
            found[field] = column
    if "created_at" not in found:
        raise BacktestError(
            f"{source} has no column that says when a ticket came in{_there(headings)}. Say which it is: "
            "--map created_at=COLUMN"
        )
    return found


def more_columns(headings: Sequence[str], more: Sequence[str], *, source: str) -> dict[str, str]:
    """Further columns that tickets have from the start, each under a name of its own. Raises `BacktestError`."""
    for column in more:
        if column not in headings:
            raise BacktestError(f"--field: {source} has no column {column[:80]!r}{_there(headings)}")
    return {f"field {column}": column for column in more}


def _plain(heading: str) -> str:
    """`Component/s` is `component s`, `opened_at` is `opened at`, Zendesk's `Product [list]` is `product`, Jira's
    `Custom field (Request Type)` is `request type`, Zammad's `#` is `number`."""
    plain = _CUSTOM.sub(r"\1", _KIND.sub("", heading.lower().strip()))
    return "number" if plain == "#" else " ".join(re.findall(r"[a-z0-9]+", plain))


def _there(headings: Sequence[str]) -> str:
    shown = ", ".join(heading[:40] for heading in headings[:20])
    more = f" and {len(headings) - 20} more" if len(headings) > 20 else ""
    return f"; it has {shown}{more}"
