"""The fake's records: incidents, cases, problems, users, their groups and the journal, with the ways of a new instance.

What people do is here, too: a customer's comment takes an incident off hold, as the base system's rule does, and leaves
a resolved one as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any

from connectors.servicenow.fake.encoded import Row

INCIDENT, CASE, PROBLEM = "incident", "sn_customerservice_case", "problem"
USERS, GROUPS, MEMBERS, COMPANIES = "sys_user", "sys_user_group", "sys_user_grmember", "core_company"
JOURNAL, CHOICES, RULES = "sys_journal_field", "sys_choice", "sys_script"
SUBSCRIBED = "service_subscribe_sys_user"
OFFERINGS = "service_offering"
COMMENTS, WORK_NOTES = "comments", "work_notes"
BOT, AGENT = "liaison", "grace.agent"
_MADE = "sys_id sys_created_on sys_created_by"
_BASE = f"{_MADE} sys_updated_on sys_updated_by sys_mod_count"
_TASK = (
    f"{_BASE} sys_class_name number short_description description state priority active resolved_at closed_at"
    " reassignment_count due_date contact_type assigned_to assignment_group close_notes comments work_notes"
    " correlation_id correlation_display urgency impact company u_liaison_tags business_service"
)
COLUMNS: dict[str, frozenset[str]] = {
    INCIDENT: frozenset(f"{_TASK} caller_id hold_reason reopen_count close_code incident_state".split()),
    CASE: frozenset(f"{_TASK} contact account consumer product resolution_code notes_to_comments".split()),
    PROBLEM: frozenset(_TASK.split()),
    USERS: frozenset(f"{_BASE} user_name name email active time_zone company u_tier".split()),
    COMPANIES: frozenset(f"{_BASE} name u_tier".split()),
    GROUPS: frozenset(f"{_BASE} name active".split()),
    MEMBERS: frozenset(f"{_BASE} user group".split()),
    JOURNAL: frozenset(f"{_MADE} name element element_id value".split()),
    CHOICES: frozenset(f"{_MADE} name element value label language inactive".split()),
    RULES: frozenset(f"{_BASE} name collection active when".split()),
    OFFERINGS: frozenset(f"{_BASE} name".split()),
    SUBSCRIBED: frozenset(f"{_BASE} service_offering sys_user".split()),
}
REFERS = {
    "caller_id": USERS,
    "contact": USERS,
    "assigned_to": USERS,
    "assignment_group": GROUPS,
    "user": USERS,
    "sys_user": USERS,
    "group": GROUPS,
    "company": COMPANIES,
    "account": COMPANIES,
    "business_service": OFFERINGS,
    "service_offering": OFFERINGS,
}
STATES = {
    INCIDENT: {
        "1": "New",
        "2": "In Progress",
        "3": "On Hold",
        "6": "Resolved",
        "7": "Closed",
        "8": "Canceled",
    },
    CASE: {"1": "New", "10": "Open", "18": "Awaiting Info", "6": "Resolved", "3": "Closed", "7": "Cancelled"},
    PROBLEM: {
        "101": "New",
        "102": "Assess",
        "103": "Root Cause Analysis",
        "104": "Fix in Progress",
        "106": "Resolved",
        "107": "Closed",
    },
}
CLOSED = {INCIDENT: {"7", "8"}, CASE: {"3", "7"}, PROBLEM: {"107"}}
RESOLVED = {INCIDENT: "6", CASE: "6", PROBLEM: "106"}
_PREFIX = {INCIDENT: "INC", CASE: "CS", PROBLEM: "PRB"}


class FakeInstance:
    """One instance. `publishes` and `hides`: a rule of the house stores work notes as comments, or the other way;
    `copies`: work notes as comments as well. `is_deaf`: changes are answered with success, and nothing is changed."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.name = "acme"
        self.tables: dict[str, dict[str, Row]] = {table: {} for table in COLUMNS}
        self.publishes = self.hides = self.copies = False
        self.is_deaf = False
        self.locked: set[str] = set()
        """Records on which our user's changes are refused."""
        self.frozen_columns: set[str] = set()
        """Columns that our user may not write: left as they are, with success."""
        self.needs_code = True
        """A data policy: a resolution has its code and notes."""
        self.told: Callable[[str, str, Row, str], None] = lambda *_: None
        """Called after each change: table, operation, record, who."""
        self.before_change: list[Callable[[], None]] = []
        self._numbers = count(1)
        self.bot = self.person(BOT, "Liaison", "liaison@acme.example")
        self.agent = self.person(AGENT, "Grace Agent", "grace@acme.example")
        desk = self.insert(GROUPS, {"name": "Service Desk", "active": "true"}, by="admin")
        self.insert(MEMBERS, {"user": self.agent, "group": desk["sys_id"]}, by="admin")
        for table, states in STATES.items():
            for value, label in states.items():
                self.insert(
                    CHOICES,
                    {
                        "name": table,
                        "element": "state",
                        "value": value,
                        "label": label,
                        "language": "en",
                        "inactive": "false",
                    },
                    by="admin",
                )

    def person(self, user_name: str, name: str, email: str, **more: str) -> str:
        """A user; its sys_id. The same name is the same one."""
        for known in self.tables[USERS].values():
            if known["user_name"] == user_name:
                return known["sys_id"]
        fields = {
            "user_name": user_name,
            "name": name,
            "email": email,
            "active": "true",
            "time_zone": "US/Pacific",
        }
        return self.insert(USERS, fields | more, by="admin")["sys_id"]

    def user_named(self, user_name: str) -> Row:
        """Raises `KeyError` for nobody."""
        for known in self.tables[USERS].values():
            if known["user_name"] == user_name:
                return known
        raise KeyError(user_name)

    def insert(self, table: str, fields: dict[str, str], *, by: str) -> Row:
        """A new record, with what the instance sets itself; columns that are not there are left out."""
        number = next(self._numbers)
        stamp = self.stamp()
        row = dict.fromkeys(COLUMNS[table], "")
        row |= {name: value for name, value in fields.items() if name in COLUMNS[table]}
        # Growing, so that entries of one second have an order here; at ServiceNow they have none.
        digest = hashlib.sha256(f"{table}/{number}".encode()).hexdigest()
        row["sys_id"] = f"{number:08x}{digest[:24]}"
        row["sys_created_on"], row["sys_created_by"] = stamp, by
        if "sys_mod_count" in row:
            row |= {"sys_updated_on": stamp, "sys_updated_by": by, "sys_mod_count": "0"}
        if table in STATES:
            row["sys_class_name"] = table
            row["number"] = f"{_PREFIX[table]}{number:07d}"
            row["state"] = row["state"] or next(iter(STATES[table]))
            row["active"] = "false" if row["state"] in CLOSED[table] else "true"
            row["priority"] = row["priority"] or "3"
        self.tables[table][row["sys_id"]] = row
        if table in STATES:
            self._take_words(table, row, by)
            self.told(table, "insert", row, by)
        return row

    def update(self, table: str, row: Row, fields: dict[str, str], *, by: str) -> None:
        """A change, with what the base system's rules make of it. Journal columns are emptied into the journal."""
        row |= {name: value for name, value in fields.items() if name in COLUMNS[table]}
        if table in STATES:
            said = bool(row.get(COMMENTS))
            customer = row.get("contact" if table == CASE else "caller_id", "")
            is_customer = bool(customer) and self.tables[USERS].get(customer, {}).get("user_name") == by
            if (
                said
                and is_customer
                and table == INCIDENT
                and (row["state"], row["hold_reason"]) == ("3", "1")
            ):
                row |= {"state": "2", "hold_reason": ""}
            if said and is_customer and table == CASE and row["state"] == "18":
                row["state"] = "10"
            if table == INCIDENT and row["state"] != "3":
                row["hold_reason"] = ""
            self._settle(table, row)
            self._take_words(table, row, by)
        row["sys_updated_on"], row["sys_updated_by"] = self.stamp(), by
        row["sys_mod_count"] = str(int(row["sys_mod_count"] or "0") + 1)
        if table in STATES:
            self.told(table, "update", row, by)

    def remove(self, table: str, sys_id: str, *, by: str = "admin") -> None:
        """Deleted: the record, and its journal with it."""
        row = self.tables[table].pop(sys_id)
        journal = self.tables[JOURNAL]
        for own_id in [one["sys_id"] for one in journal.values() if one["element_id"] == sys_id]:
            del journal[own_id]
        if table in STATES:
            self.told(table, "delete", row, by)

    def say(self, table: str, sys_id: str, words: str, *, by: str, element: str = COMMENTS) -> None:
        """Somebody writes on a record."""
        self.update(table, self.tables[table][sys_id], {element: words}, by=by)

    def entries(self, sys_id: str, element: str) -> list[Row]:
        """Of a record, oldest first."""
        return [
            one
            for one in self.tables[JOURNAL].values()
            if one["element_id"] == sys_id and one["element"] == element
        ]

    def value(self, row: Row, column: str) -> str | None:
        """A column, or one of the record that it refers to: `caller_id.email`. None for one that is not there."""
        first, _, rest = column.partition(".")
        if first not in row:
            return None
        if not rest:
            return row[first]
        referred = self.tables[REFERS[first]].get(row[first]) if first in REFERS else None
        if referred is None:
            return "" if first in REFERS else None
        return self.value(referred, rest)

    def knows(self, table: str, column: str) -> bool:
        """Whether a table has a column."""
        first, _, rest = column.partition(".")
        if first not in COLUMNS[table]:
            return False
        return not rest or (first in REFERS and self.knows(REFERS[first], rest))

    def stamp(self) -> str:
        """Now, as the database has it."""
        return self.clock().astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")

    def lacks_code(self, table: str, row: Row, fields: dict[str, Any]) -> bool:
        """Whether the data policy refuses a change: a resolution without its code or notes."""
        if not self.needs_code or table not in (INCIDENT, CASE) or fields.get("state") != RESOLVED[table]:
            return False
        columns = ("close_notes", "close_code") if table == INCIDENT else ("close_notes",)
        return not all(fields.get(name) or row.get(name) for name in columns)

    def _settle(self, table: str, row: Row) -> None:
        is_over = row["state"] == RESOLVED[table] or row["state"] in CLOSED[table]
        row["resolved_at"] = (row["resolved_at"] or self.stamp()) if is_over else ""
        is_closed = row["state"] in CLOSED[table]
        row["closed_at"] = (row["closed_at"] or self.stamp()) if is_closed else ""
        row["active"] = "false" if is_closed else "true"
        if table == CASE and is_over and row["notes_to_comments"] == "true" and row["close_notes"]:
            row[COMMENTS] = row["close_notes"]

    def _take_words(self, table: str, row: Row, by: str) -> None:
        for element in (COMMENTS, WORK_NOTES):
            words, row[element] = row[element], ""
            if not words:
                continue
            kept = element
            if self.publishes and element == WORK_NOTES:
                kept = COMMENTS
            if self.hides and element == COMMENTS and by == BOT:
                kept = WORK_NOTES
            self._keep(table, row, kept, words, by)
            if self.copies and element == WORK_NOTES:
                self._keep(table, row, COMMENTS, words, by)

    def _keep(self, table: str, row: Row, element: str, words: str, by: str) -> None:
        fields = {"name": table, "element": element, "element_id": row["sys_id"], "value": words}
        self.insert(JOURNAL, fields, by=by)
