"""What was written on cases: comments and, where there are mails, these too.

`CaseComment.IsPublished` says whether customers see a comment. A mail on a case (`EmailMessage`) was got (`Incoming`)
or sent; both are the customer's to read, but for drafts.
https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_casecomment.htm
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from connectors.kit.fields import any_text, text
from connectors.kit.mail_headers import origin_of
from connectors.kit.marks import carries_mark, unmarked
from connectors.salesforce.mapping import status_of, time_of, value_at
from connectors.salesforce.rest.api import Row, SalesforceApi
from connectors.salesforce.rest.ids import USER, case_id, id_of
from connectors.salesforce.rest.soql import all_of, moment, one_of, quoted, select
from connectors.salesforce.settings import SalesforceSettings
from incidents.models import Author, Comment, Origin, Ticket
from incidents.texts.markup import text_of_markup

DRAFT = "5"
"""Of a mail's Status."""
JUST_MADE = timedelta(minutes=1)
"""Within it after a case was made, what came by mail is what made it."""
CUSTOMERS = frozenset(
    {"CspLitePortal", "CustomerSuccess", "PowerCustomerSuccess", "PowerPartner", "SelfService", "Guest"}
)
"""Types of users who are no colleagues: https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/
object_reference/sforce_api_objects_user.htm (UserType)."""
MACHINE = "AutomatedProcess"
_BY_AGE = "CreatedDate, Id"
_COMMENT = (
    "Id, ParentId, CommentBody, IsPublished, CreatedDate, CreatedById, CreatedBy.Name, CreatedBy.UserType"
)
_MAIL = (
    "Id, ParentId, Incoming, TextBody, HtmlBody, FromAddress, FromName, Headers, CreatedDate, CreatedById,"
    " CreatedBy.UserType"
)


class CaseWords:
    """Reads what is on cases. All raise `incidents.errors`."""

    def __init__(self, api: SalesforceApi, settings: SalesforceSettings) -> None:
        self._api = api
        self._settings = settings

    async def comments(self, ticket: Ticket, since: datetime) -> list[Comment]:
        """From this second on, oldest first."""
        own_id = await self._api.own_id()
        start = since.replace(microsecond=0)
        where = all_of(f"ParentId = {quoted(ticket.ref.id)}", f"CreatedDate >= {moment(start)}")
        rows = await self._api.rows(select(_COMMENT, "CaseComment", where, order=_BY_AGE))
        found = [_comment(row, own_id) for row in rows]
        if self._settings.reads_emails:
            where = all_of(where, f"Status != '{DRAFT}'")
            mails = await self._api.rows(select(_MAIL, "EmailMessage", where, order=_BY_AGE))
            found += [_mail(row, own_id, ticket) for row in mails if not _made_the_case(row, ticket)]
        return sorted((one for one in found if one.at >= start), key=lambda one: one.at)

    async def own(self, case: str, keys: Sequence[str]) -> Row | None:
        """The comment that our own user wrote with one of these keys."""
        own_id = await self._api.own_id()
        where = all_of(f"ParentId = {quoted(case)}", f"CreatedById = {quoted(own_id)}")
        soql = select(_COMMENT, "CaseComment", where, order="CreatedDate DESC, Id DESC")
        async for page in self._api.pages(soql):
            for row in page:
                if is_own(row, own_id) and any(
                    carries_mark(text(row.get("CommentBody")), key) for key in keys
                ):
                    return row
        return None

    async def touched(self, start: datetime) -> set[str]:
        """Cases on which something was written from this second on."""
        found: set[str] = set()
        for name in ("CaseComment", *(("EmailMessage",) if self._settings.reads_emails else ())):
            where = f"ParentId != null AND SystemModstamp >= {moment(start)}"
            rows = await self._api.rows(select("ParentId", name, where, order="SystemModstamp, Id"))
            found |= {own_id for row in rows if (own_id := case_id(row.get("ParentId")))}
        return found

    async def reopened(self, rows: Iterable[Row]) -> frozenset[str]:
        """Which of these cases are settled, and their customers had the last public word since. No rule of Salesforce's
        own opens a case again; to us it is unsolved until the house answers."""
        settled = {
            own_id: time_of(row.get("ClosedDate") or row.get("CreatedDate"))
            + (timedelta() if row.get("ClosedDate") else JUST_MADE)
            for row in rows
            if status_of(row, self._settings).is_settled
            and row.get("IsDeleted") is not True
            and (own_id := case_id(row.get("Id"))) is not None
        }
        if not settled:
            return frozenset()
        last: dict[str, tuple[datetime, bool]] = {}
        for case, at, is_customers in await self._public_words(settled):
            # Within one second nobody can tell who was first: then the house's word counts as the last.
            if at >= settled.get(case, at) and (case not in last or (at, not is_customers) >= last[case]):
                last[case] = (at, not is_customers)
        return frozenset(case for case, (_, is_house) in last.items() if not is_house and case in settled)

    async def _public_words(self, settled: Mapping[str, datetime]) -> list[tuple[str, datetime, bool]]:
        where = all_of(f"ParentId IN {one_of(settled)}", f"CreatedDate >= {moment(min(settled.values()))}")
        fields = "ParentId, CreatedDate, CreatedBy.UserType"
        rows = await self._api.rows(
            select(fields, "CaseComment", all_of(where, "IsPublished = true"), order=_BY_AGE)
        )
        # What a flow says, "we got your message", is no answer.
        words = [(row, _kind(row) in CUSTOMERS) for row in rows if _kind(row) != MACHINE]
        if self._settings.reads_emails:
            fields, where = f"{fields}, Incoming, Headers", all_of(where, f"Status != '{DRAFT}'")
            mails = await self._api.rows(select(fields, "EmailMessage", where, order=_BY_AGE))
            # An absence notice opens nothing again.
            words += [
                (row, row.get("Incoming") is True)
                for row in mails
                if _origin(row) is Origin.PERSON and not _is_machines(row)
            ]
        return [
            (own_id, time_of(row.get("CreatedDate")), is_customers)
            for row, is_customers in words
            if (own_id := case_id(row.get("ParentId"))) is not None
        ]


def is_own(row: Mapping[str, Any], own_id: str) -> bool:
    """Whether our own user wrote it."""
    return bool(own_id) and id_of(row.get("CreatedById"), USER) == own_id


def is_published(row: Mapping[str, Any]) -> bool:
    """Whether customers may read it: only a plain "no" keeps it from them."""
    return row.get("IsPublished") is not False


def _comment(row: Mapping[str, Any], own_id: str) -> Comment:
    kind, is_public = value_at(row, "CreatedBy.UserType"), is_published(row)
    theirs = Author.CUSTOMER if kind in CUSTOMERS and is_public else Author.AGENT
    by = Author.LIAISON if is_own(row, own_id) else theirs
    return Comment(
        id=any_text(row.get("Id")),
        author=by,
        author_name=value_at(row, "CreatedBy.Name"),
        is_public=is_public,
        text=unmarked(text(row.get("CommentBody"))),
        at=time_of(row.get("CreatedDate")),
        origin=Origin.AUTOMATIC if kind == MACHINE else Origin.PERSON,
        author_id=any_text(row.get("CreatedById")),
        # Salesforce does not tell what somebody typed from what a flow or a mail service wrote in their name.
        is_signed_in=None if by is Author.AGENT and not is_public else False,
    )


def _mail(row: Mapping[str, Any], own_id: str, ticket: Ticket) -> Comment:
    is_got = row.get("Incoming") is True
    by = Author.CUSTOMER if is_got else Author.LIAISON if is_own(row, own_id) else Author.AGENT
    address = text(row.get("FromAddress"))
    is_requester = bool(address) and address.casefold() == ticket.requester.email.casefold()
    return Comment(
        id=any_text(row.get("Id")),
        author=by,
        author_name=text(row.get("FromName")) or address,
        is_public=True,
        text=_words(row),
        at=time_of(row.get("CreatedDate")),
        origin=Origin.AUTOMATIC if _is_machines(row) else _origin(row),
        author_id=ticket.requester.id if is_got and is_requester else address,
        is_signed_in=False,
    )


def _is_machines(mail: Mapping[str, Any]) -> bool:
    """Whether the house's own machinery sent it."""
    return mail.get("Incoming") is not True and _kind(mail) == MACHINE


def _kind(row: Mapping[str, Any]) -> str:
    return value_at(row, "CreatedBy.UserType")


def _words(row: Mapping[str, Any]) -> str:
    return text(row.get("TextBody")).strip() or text_of_markup(text(row.get("HtmlBody"))).strip()


def _origin(row: Mapping[str, Any]) -> Origin:
    """By the mail's own headers, which Salesforce keeps of those that were got."""
    lines = text(row.get("Headers"))[:20_000].splitlines()
    return origin_of((name, value) for line in lines for name, colon, value in [line.partition(":")] if colon)


def _made_the_case(row: Mapping[str, Any], ticket: Ticket) -> bool:
    """Email-to-Case keeps the first mail twice: as the case's description, and as a mail."""
    return (
        row.get("Incoming") is True
        and time_of(row.get("CreatedDate")) <= ticket.created_at + JUST_MADE
        and _words(row)[:1_000].split() == ticket.body.strip()[:1_000].split()
    )
