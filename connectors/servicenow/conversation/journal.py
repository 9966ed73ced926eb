"""What was written on a ticket: the journal (`sys_journal_field`), where comments and work notes are apart.

`comments` is what customers read and are told of, `work_notes` what colleagues read. On the record itself both read
back empty, and their display value is one text in which anybody could write what looks like another one's entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.kit.marks import carries_mark, mark_of, unmarked
from connectors.kit.private_notes import exposed
from connectors.kit.recent import RecentlyUsed
from connectors.servicenow.mapping import time_of
from connectors.servicenow.settings import ServiceNowSettings
from connectors.servicenow.table.api import Row, ServiceNowApi
from connectors.servicenow.table.queries import at_or_after, both, condition, id_from, is_plain, one_of
from incidents.errors import Exposed, NotAllowed, NotShown
from incidents.models import Author, Comment, Origin

TABLE = "sys_journal_field"
COMMENTS, WORK_NOTES = "comments", "work_notes"
FIELDS = "sys_id,name,element,element_id,value,sys_created_on,sys_created_by"
SYSTEM, GUEST = "system", "guest"
"""Who writes what a rule or a flow adds, and what came by mail of somebody unknown."""
MEMORY = 5_000
_NOT_READABLE = (
    "servicenow: the journal has entries on this record, and we are shown none: give our user's role a read access"
    " control on sys_journal_field"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnEntries:
    """What of a change of ours is in the journal: `public` and `private` ones with its mark. `is_withheld`: something
    is, and we may not read it."""

    public: tuple[Row, ...] = ()
    private: tuple[Row, ...] = ()
    is_withheld: bool = False


class Journal:
    """Reads entries of one table's records; remembers who is a colleague, since that seldom changes."""

    def __init__(self, api: ServiceNowApi, settings: ServiceNowSettings) -> None:
        self._api = api
        self._table = settings.records_of
        self._own_name = settings.user.casefold()
        self._colleagues: RecentlyUsed[str, bool] = RecentlyUsed(MEMORY)

    async def require_readable(self) -> None:
        """Raises `NotAllowed` where we may not read the journal: nothing that we write could be read back then."""
        query = condition("name", "=", self._table)
        page = await self._api.page(TABLE, query, FIELDS, lambda row: row.get("name") == self._table, most=1)
        if page.is_withheld:
            raise NotAllowed(_NOT_READABLE)

    async def comments(self, ticket: str, customer: str, start: datetime) -> Sequence[Comment]:
        """All entries from this second on, oldest first. `customer` is the user name of whose ticket it is."""
        rows = await self._entries([ticket], start, (COMMENTS, WORK_NOTES))
        return [await self._comment(row, customer) for row in rows]

    async def reopened(self, settled: Sequence[tuple[str, str, datetime]]) -> frozenset[str]:
        """Which of these tickets their customers had the last public word on after they were settled. Each is told with
        its customer's user name and since when it is settled; one call for a hundred."""
        if not settled:
            return frozenset()
        start = min(at for _, _, at in settled)
        rows = await self._entries([ticket for ticket, _, _ in settled], start, (COMMENTS,))
        found: set[str] = set()
        for ticket, customer, at in settled:
            said = [
                await self._comment(row, customer)
                for row in rows
                if row["element_id"] == ticket and time_of(row.get("sys_created_on")) >= at
            ]
            # Within one second nobody can tell who was first: then the house's word counts as the last.
            said.sort(key=lambda one: (one.at, one.author is not Author.CUSTOMER))
            if said and said[-1].is_a_customers_word:
                found.add(ticket)
        return frozenset(found)

    async def own(self, ticket: str, keys: Sequence[str]) -> OwnEntries:
        """The entries that our own user wrote with one of these keys, wherever they stand."""
        if id_from(ticket) is None:
            return OwnEntries()
        marks = "^OR".join(condition("value", "LIKE", mark_of(key)) for key in keys)
        query = both(condition("element_id", "=", ticket), marks, "ORDERBYsys_created_on")

        def asked(row: Row) -> bool:
            return row.get("element_id") == ticket and any(carries_mark(_value(row), key) for key in keys)

        page = await self._api.page(TABLE, query, FIELDS, asked)
        ours = [row for row in page.rows if self._is_own(row)]
        return OwnEntries(
            public=tuple(row for row in ours if row.get("element") == COMMENTS),
            private=tuple(row for row in ours if row.get("element") == WORK_NOTES),
            is_withheld=page.is_withheld,
        )

    async def was_done(self, ticket: str, note: str, reply: str) -> bool:
        """Whether the note or the reply with this key is there as it was meant. Raises `Exposed`, `NotShown`, and
        `NotAllowed` where the journal is not shown to us."""
        found = await self.own(ticket, (note, reply))
        if found.is_withheld:
            raise NotAllowed(_NOT_READABLE)
        if any(carries_mark(_value(row), note) for row in found.public):
            raise await note_exposed(ticket)
        if any(carries_mark(_value(row), note) for row in found.private):
            return True
        if any(carries_mark(_value(row), reply) for row in found.public):
            return True
        if any(carries_mark(_value(row), reply) for row in found.private):
            raise reply_not_shown(ticket)
        return False

    async def _entries(self, tickets: Sequence[str], start: datetime, elements: Iterable[str]) -> list[Row]:
        wanted, kinds = frozenset(tickets), tuple(elements)
        query = both(
            one_of("element_id", tickets),
            one_of("element", kinds),
            at_or_after("sys_created_on", start),
            "ORDERBYsys_created_on^ORDERBYsys_id",
        )
        start = start.replace(microsecond=0)

        def asked(row: Row) -> bool:
            return (
                row.get("element_id") in wanted
                and row.get("element") in kinds
                # Whoever deletes and restores keeps the time, to the second.
                and time_of(row.get("sys_created_on")) >= start - timedelta(seconds=1)
            )

        found: list[Row] = []
        async for rows in self._api.rows(TABLE, query, FIELDS, asked):
            found += rows
        return found

    async def _comment(self, row: Row, customer: str) -> Comment:
        name = row.get("sys_created_by", "")
        is_public = row.get("element") == COMMENTS
        author = await self._author(row, customer, is_public=is_public)
        return Comment(
            id=row.get("sys_id", ""),
            author=author,
            author_name=name,
            is_public=is_public,
            text=unmarked(_value(row)),
            at=time_of(row.get("sys_created_on")),
            origin=Origin.AUTOMATIC if name.casefold() == SYSTEM else Origin.PERSON,
            author_id=name,
            # ServiceNow does not tell an entry that came by mail from one that was typed.
            is_signed_in=None if author is Author.AGENT and not is_public else False,
        )

    async def _author(self, row: Row, customer: str, *, is_public: bool) -> Author:
        name = row.get("sys_created_by", "").casefold()
        if self._is_own(row):
            return Author.LIAISON
        if is_public and name and name == customer.casefold():
            return Author.CUSTOMER
        if not is_public or name == SYSTEM:
            return Author.AGENT
        return Author.AGENT if await self._is_colleague(name) else Author.CUSTOMER

    async def _is_colleague(self, name: str) -> bool:
        """Whether somebody is in a group: agents are, and customers are not."""
        if name == GUEST or not is_plain(name):
            return False
        known = self._colleagues.get(name)
        if known is None:
            column = "user.user_name"
            page = await self._api.page(
                "sys_user_grmember",
                condition(column, "=", name),
                f"sys_id,{column}",
                lambda row: row.get(column, "").casefold() == name,
                most=1,
            )
            known = bool(page.rows) or page.is_withheld
            self._colleagues.put(name, known)
        return known

    def _is_own(self, row: Row) -> bool:
        return row.get("sys_created_by", "").casefold() == self._own_name


def note_key(once: str, *, is_private: bool) -> str:
    """A note and a reply of the same key have different marks: what is public is never taken for the note."""
    return f"{once}/{'note' if is_private else 'reply'}"


async def note_exposed(ticket: str) -> Exposed:
    """No call of the Table API that an integration may make takes an entry out of the journal."""
    return await exposed(
        f"servicenow: the work note on record {ticket}",
        None,
        cure="look at business rules and flows: something copies work notes to comments",
    )


def reply_not_shown(ticket: str) -> NotShown:
    """A work note is read by no customer."""
    return NotShown(
        f"servicenow: the comment on record {ticket} was stored as a work note that its customer cannot read: look at"
        " business rules and flows, and tell the customer by hand"
    )


def _value(row: Row) -> str:
    return row.get("value", "")
