"""ServiceNow as an issue tracker: problems, or the records of another table.

Its `correlation_id` is a field for keys of others: an issue of ours has one made of `once`, and counts only where our
own user made it, since a copied record keeps it. Comments are work notes, marked as in the helpdesk.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

import httpx

from connectors.kit.marks import mark_of, marked
from connectors.kit.read_back import read_back
from connectors.servicenow.conversation.journal import WORK_NOTES, Journal, OwnEntries, note_exposed
from connectors.servicenow.mapping import inert, time_of
from connectors.servicenow.problems.states import TableStates, no_such_state
from connectors.servicenow.rules import RuleSeen, rule_of
from connectors.servicenow.settings import ServiceNowSettings
from connectors.servicenow.table.api import Row, ServiceNowApi
from connectors.servicenow.table.queries import at_or_after, both, condition, id_from, one_of
from connectors.servicenow.webhook import BusinessRule, number_from
from incidents.errors import NotAllowed, NotFound, Refused, Unknown, Unrecognised
from incidents.events import Event, Ignored, IssueEvent, Lane, Ping, TrialWebhook, Verified
from incidents.issues import Issue
from incidents.models import InternalText
from incidents.ports import IssueTracker, WebhookSource
from incidents.subscriptions import TriedByWebhook
from incidents.texts.plain_text import cut, one_line

OVERLAP = timedelta(seconds=2)
MAX_TITLE = 160
"""Of `short_description`, as the base system has it."""
FIELDS = (
    "sys_id,number,short_description,state,active,sys_created_on,sys_updated_on,sys_created_by,correlation_id,"
    "assignment_group.name"
)
_CURE = "look at the record's state and at access controls on its columns"


class ServiceNowProblems(IssueTracker, TriedByWebhook, WebhookSource):
    """One table. `name` is the connection's (`servicenow/fixes`); keys are numbers (`PRB0040001`)."""

    vendor: ClassVar[str] = "servicenow"
    lane = Lane.STATUS_SYNC
    index_lag = 1.0

    def __init__(
        self, name: str, settings: ServiceNowSettings, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.name = name
        self._settings = settings
        self._table = settings.records_of
        self._api = ServiceNowApi(settings, transport)
        self._journal = Journal(self._api, settings)
        self._states = TableStates(self._api, self._table)
        self._rule = BusinessRule(name, settings)

    async def check(self) -> str:
        """Who we are, what there is and how we hear of it. Raises `NotAllowed` for rights that are missing."""
        user = await self._api.user()
        query = both(self._of_groups(), "ORDERBYDESCsys_created_on")
        page = await self._api.page(self._table, query, FIELDS, self._asked, most=1)
        if page.is_withheld:
            raise NotAllowed(
                f"servicenow: {self._table} has records, and we are not shown the newest; give our user a role that"
                " reads all of them, such as sn_problem_read"
            )
        await self._journal.require_readable()
        await self._group()
        seen = await rule_of(self._api, self._table) if self._settings.signing_secrets else RuleSeen.NOT_ASKED
        return (
            f"{user.get('name') or self._settings.user} at {self._settings.base_url}, {page.total or 0} records of"
            f" {self._table}; {seen.value}"
        )

    async def aclose(self) -> None:
        await self._api.aclose()

    @property
    def actor(self) -> str:
        """Our user's name."""
        return self._settings.user

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        return self._rule.verify(headers, body, now=now)

    def events(self, verified: Verified) -> Sequence[Event]:
        call = self._rule.read(verified)
        if call is None:
            return [Ping(connection=self.name)]
        if call.table != self._table:
            return [Ignored(connection=self.name, kind=f"of table {call.table}")]
        if not call.number:
            raise Unrecognised("servicenow: a change of a record without its number")
        return [IssueEvent(connection=self.name, key=call.number, at=call.at)]

    def trial_webhook(self, *, now: datetime) -> TrialWebhook:
        return self._rule.trial(now)

    async def open_issue(self, title: str, text: InternalText, *, once: str) -> str:
        known = await self.find_issue(once)
        if known is not None:
            return known
        body = {
            "short_description": cut(one_line(title), MAX_TITLE),
            "description": inert(text),
            "correlation_id": mark_of(once),
            "correlation_display": "Liaison",
        }
        group = await self._group()
        if group:
            body["assignment_group"] = group
        await self._api.create(self._table, body)
        key = await read_back(
            lambda: self.find_issue(once),
            lambda found: found is not None,
            what=f"servicenow: a new record of {self._table}",
            cure="look at access controls on correlation_id and at business rules that change it",
        )
        if key is None:
            raise Unknown(f"servicenow: a new record of {self._table} has no number")
        return key

    async def find_issue(self, once: str) -> str | None:
        mark = mark_of(once)
        query = both(condition("correlation_id", "=", mark), "ORDERBYsys_created_on^ORDERBYnumber")
        page = await self._api.page(
            self._table, query, FIELDS, lambda row: row.get("correlation_id", "").casefold() == mark
        )
        own = self._settings.user.casefold()
        for row in page.rows:
            key = number_from(row.get("number"))
            if key is not None and row.get("sys_created_by", "").casefold() == own:
                return key
        return None

    async def read(self, key: str) -> Issue:
        return await self._issue(await self._row(key))

    async def changed_since(self, since: datetime) -> AsyncIterator[Issue]:
        """Asked for by creation, so that what changes while pages are read takes nobody's place."""
        start = (since - OVERLAP).replace(microsecond=0)
        query = both(
            at_or_after("sys_updated_on", start),
            self._of_groups(),
            "ORDERBYsys_created_on^ORDERBYnumber",
        )

        def asked(row: Row) -> bool:
            return self._asked(row) and time_of(row.get("sys_updated_on")) >= start

        found: dict[str, Issue] = {}
        async for rows in self._api.rows(self._table, query, FIELDS, asked):
            for row in rows:
                issue = await self._issue(row)
                found[issue.key] = issue
        for issue in sorted(found.values(), key=lambda one: one.updated_at):
            yield issue

    async def comment(self, key: str, text: InternalText, *, once: str) -> None:
        """A work note, which customers do not read. Raises `Exposed` where they could all the same."""
        record = _id(await self._row(key))
        seen = await self._own(record, once)
        if not (seen.public or seen.private):
            if not text.strip():
                raise Refused("servicenow: an empty note would tell nobody anything")
            await self._api.change(self._table, record, {WORK_NOTES: marked(inert(text), once)})
            seen = await read_back(
                lambda: self._own(record, once),
                lambda found: bool(found.public or found.private),
                what=f"servicenow: work note on {key}",
                cure=_CURE,
            )
        if seen.public:
            raise await note_exposed(record)

    async def was_done(self, key: str, once: str) -> bool:
        """A note that customers could read is not what was asked for: `comment` tells, and writes it no second time."""
        seen = await self._own(_id(await self._row(key)), once)
        return bool(seen.private) and not seen.public

    async def transition(self, key: str, status: str, *, once: str) -> None:
        row = await self._row(key)
        now = row.get("state", "")
        if (await self._states.label(now)).casefold() == status.strip().casefold():
            return
        wanted = await self._states.value(status)
        if wanted is None:
            raise no_such_state(self._table, key, status, self._states.words())
        if wanted == now:
            return
        record = _id(row)
        await self._api.change(self._table, record, {"state": wanted}, is_repeatable=True)
        await read_back(
            lambda: self._api.one(self._table, record, FIELDS),
            lambda seen: seen.get("state") == wanted,
            what=f"servicenow: {key} to {status!r}",
            cure=_CURE,
        )

    async def _own(self, record: str, once: str) -> OwnEntries:
        found = await self._journal.own(record, (once,))
        if found.is_withheld:
            raise NotAllowed(
                "servicenow: the journal is not shown to us; give our user's role a read access control on"
                " sys_journal_field"
            )
        return found

    async def _row(self, key: str) -> Row:
        """A record by its number. Raises `NotFound` for one that is no more, or that we may not see."""
        number = number_from(key)
        if number is None:
            raise NotFound("servicenow: not the number of a record")
        page = await self._api.page(
            self._table,
            condition("number", "=", number),
            FIELDS,
            lambda row: row.get("number") == number,
            most=1,
        )
        if not page.rows:
            raise NotFound(f"servicenow: {self._table} has no {number} that we may see")
        return page.rows[0]

    async def _issue(self, row: Row) -> Issue:
        key = number_from(row.get("number"))
        if key is None:
            raise Unrecognised("servicenow: a record without its number")
        status = await self._states.label(row.get("state", ""))
        closed = {one.strip().casefold() for one in self._settings.closed_states}
        return Issue(
            key=key,
            title=row.get("short_description", ""),
            status=status,
            is_closed=row.get("active") == "false" or status.casefold() in closed,
            updated_at=time_of(row.get("sys_updated_on")),
            url=f"{self._settings.base_url}/{self._table}.do?sys_id={row.get('sys_id', '')}",
        )

    async def _group(self) -> str:
        """The sys_id of the group that issues are opened for, "" for none. Raises `Refused` for an unknown one."""
        if not self._settings.groups:
            return ""
        name = self._settings.groups[0]
        page = await self._api.page(
            "sys_user_group", condition("name", "=", name), "sys_id,name", lambda row: row.get("name") == name
        )
        if not page.rows:
            raise Refused(f"servicenow: no group {name!r} that we may see; correct groups")
        return page.rows[0].get("sys_id", "")

    def _of_groups(self) -> str:
        groups = self._settings.groups
        return one_of("assignment_group.name", groups) if groups else ""

    def _asked(self, row: Row) -> bool:
        return not self._settings.groups or row.get("assignment_group.name") in self._settings.groups


def _id(row: Row) -> str:
    sys_id = id_from(row.get("sys_id"))
    if sys_id is None:
        raise Unrecognised("servicenow: a record without its sys_id")
    return sys_id
