"""What a ticket object in a request does to a ticket: which of its properties Zendesk takes, and what it refuses.

Properties that Zendesk does not know, or that only other calls read, are passed over in silence, as there:
`additional_tags` and `remove_tags` count in updates of many tickets only.
https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/ and
https://developer.zendesk.com/documentation/ticketing/managing-tickets/adding-tags-to-tickets-without-overwriting-existing-tags/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.zendesk.fake.calls.asking import Unacceptable, invalid, refused
from connectors.zendesk.fake.calls.files import FakeFiles
from connectors.zendesk.fake.calls.setup import FakeSetup
from connectors.zendesk.fake.desk import STATUSES, ClosedTicket, Desk
from connectors.zendesk.fake.records import Attachment, FakeTicket, FakeUser
from connectors.zendesk.fake.wire import DEFAULT_STATUSES, stamp

PRIORITIES = ("urgent", "high", "normal", "low")
TYPES = ("problem", "incident", "question", "task")
_TAKEN_AS_IS = ("subject", "external_id", "recipient", "problem_id", "brand_id", "ticket_form_id")
_CONFLICT = "Safe Update prevented the update due to an outdated ticket. Please try again"


class TicketWrites:
    """`me` is the agent whose token is used."""

    def __init__(self, desk: Desk, me: FakeUser, setup: FakeSetup, files: FakeFiles) -> None:
        self._desk = desk
        self._me = me
        self._setup = setup
        self._files = files

    def create(self, body: dict[str, Any], *, channel: str = "api") -> FakeTicket:
        """A new ticket. Raises `Unacceptable`."""
        comment = self._comment_of(body)
        text = _text_of(comment) or str(body.get("description") or "")
        if not text:
            raise Unacceptable(refused(422, "RecordInvalid", "Description: cannot be blank"))
        requester = self._requester_of(body) or self._me
        if requester.suspended:
            raise Unacceptable(invalid("requester", "Requester: is suspended"))
        submitter = body.get("submitter_id")
        fields = self._fields_of(body, None)
        tags = fields.pop("tags", [])
        custom = fields.pop("custom_fields", None)
        status = self._status_of(body, None)
        if status is not None:
            fields["status"] = status
        return self._desk.create(
            requester,
            str(body.get("subject") or ""),
            text,
            actor=self._me,
            submitter=None if submitter is None else self._user(submitter, "submitter"),
            tags=tags,
            priority=body.get("priority"),
            channel=channel,
            custom_fields=custom,
            metadata=body.get("metadata"),
            public=comment.get("public", True) is not False,
            fields=fields,
            attachments=self._attachments(comment),
        )

    def change(self, ticket: FakeTicket, body: dict[str, Any], *, is_of_many: bool = False) -> None:
        """Carry out an update by us. Raises `Unacceptable`."""
        if body.get("safe_update") and body.get("updated_stamp") != stamp(ticket.updated_at):
            raise Unacceptable(refused(409, "UpdateConflict", _CONFLICT))
        fields = self._fields_of(body, ticket)
        status = self._status_of(body, ticket)
        comment = self._comment_of(body)
        text = _text_of(comment)
        # A comment that does not say is public: the trap our connector must never step into.
        said = (text, comment.get("public", True) is not False) if text else None
        if is_of_many:
            removed = _tags(body.get("remove_tags"))
            fields["tags"] = [tag for tag in fields.get("tags", ticket.tags) if tag not in removed]
        try:
            self._desk.change(
                ticket,
                self._me,
                comment=said,
                status=status,
                add_tags=_tags(body.get("additional_tags")) if is_of_many else (),
                metadata=body.get("metadata"),
                fields=fields,
                author=self._author_of(comment),
                attachments=self._attachments(comment),
            )
        except ClosedTicket as error:
            raise Unacceptable(invalid("status", str(error))) from error

    def _comment_of(self, body: Mapping[str, Any]) -> dict[str, Any]:
        comment = body.get("comment")
        if isinstance(comment, str):
            return {"body": comment}
        return comment if isinstance(comment, dict) else {}

    def _author_of(self, comment: Mapping[str, Any]) -> FakeUser | None:
        author = comment.get("author_id")
        return None if author is None else self._user(author, "author_id")

    def _attachments(self, comment: Mapping[str, Any]) -> Sequence[Attachment]:
        uploads = comment.get("uploads") or []
        return [
            one
            for token in ([uploads] if isinstance(uploads, str) else uploads)
            for one in self._files.take(token)
        ]

    def _requester_of(self, body: Mapping[str, Any]) -> FakeUser | None:
        if body.get("requester_id") is not None:
            return self._user(body["requester_id"], "requester_id")
        requester = body.get("requester")
        if not isinstance(requester, dict):
            return None
        if not requester.get("email"):
            raise Unacceptable(invalid("requester", "Requester: Email: cannot be blank", "BlankValue"))
        return self._desk.user(requester.get("name") or requester["email"], requester["email"])

    def _status_of(self, body: Mapping[str, Any], ticket: FakeTicket | None) -> str | None:
        """The status to set; that of a custom status' category where one is named instead, if it is another one."""
        status = body.get("status")
        if body.get("custom_status_id") is not None:
            category = self._setup.category_of(body["custom_status_id"])
            if category is None:
                raise Unacceptable(invalid("custom_status_id", "Custom status: is invalid", "InvalidValue"))
            return None if ticket is not None and ticket.status == category else category
        if status is not None and status not in STATUSES:
            raise Unacceptable(invalid("status", f"Status: {status} is not a valid status"))
        return status

    def _fields_of(self, body: Mapping[str, Any], ticket: FakeTicket | None) -> dict[str, Any]:
        fields: dict[str, Any] = {name: body[name] for name in _TAKEN_AS_IS if name in body}
        for name, allowed in (("priority", PRIORITIES), ("type", TYPES)):
            if name in body:
                if body[name] not in (None, "", *allowed):
                    wrong = f"{name.capitalize()}: {body[name]} is not valid"
                    raise Unacceptable(invalid(name, wrong, "InvalidValue"))
                fields[name] = body[name] or None
        if "tags" in body:
            fields["tags"] = _tags(body["tags"])
        if body.get("due_at"):
            fields["due_at"] = datetime.fromisoformat(body["due_at"])
        custom = body.get("custom_fields") or body.get("fields")
        if isinstance(custom, list):
            known = {} if ticket is None else ticket.custom_fields
            fields["custom_fields"] = known | {int(one["id"]): one.get("value") for one in custom}
        if body.get("custom_status_id") is not None:
            chosen = int(body["custom_status_id"])
            fields["custom_status_id"] = None if chosen in DEFAULT_STATUSES.values() else chosen
        return fields | self._people_of(body, ticket)

    def _people_of(self, body: Mapping[str, Any], ticket: FakeTicket | None) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        if "assignee_id" in body or body.get("assignee_email"):
            fields["assignee_id"] = self._assignee(body)
        if "group_id" in body:
            if body["group_id"] is not None and body["group_id"] not in self._desk.groups:
                raise Unacceptable(invalid("group", "Group: is invalid", "InvalidValue"))
            fields["group_id"] = body["group_id"]
        if "organization_id" in body:
            if (
                body["organization_id"] is not None
                and body["organization_id"] not in self._desk.organizations
            ):
                raise Unacceptable(invalid("organization", "Organization: is invalid", "InvalidValue"))
            fields["organization_id"] = body["organization_id"]
        fields |= self._followers_of(body, ticket)
        if ticket is not None and (requester := self._requester_of(body)) is not None:
            fields["requester_id"] = requester.id
        return fields

    def _followers_of(self, body: Mapping[str, Any], ticket: FakeTicket | None) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for name in ("collaborator_ids", "follower_ids", "email_cc_ids"):
            if isinstance(body.get(name), list):
                fields[name] = [self._user(one, name).id for one in body[name]]
        for name, many in (("followers", "follower_ids"), ("email_ccs", "email_cc_ids")):
            if isinstance(body.get(name), list):
                before = [] if ticket is None else getattr(ticket, many)
                fields[many] = self._joined(before, body[name], name)
        if isinstance(body.get("additional_collaborators"), list):
            before = [] if ticket is None else ticket.collaborator_ids
            fields["collaborator_ids"] = self._joined(
                before, body["additional_collaborators"], "collaborators"
            )
        return fields

    def _joined(self, before: Sequence[int], wanted: Sequence[Any], field: str) -> list[int]:
        """Who is on it after some were added, or taken away (`"action": "delete"`): ids, addresses or objects.

        https://developer.zendesk.com/documentation/ticketing/managing-tickets/creating-and-updating-tickets/
        """
        there = list(before)
        for one in wanted:
            entry = (
                one if isinstance(one, dict) else {"user_id" if isinstance(one, int) else "user_email": one}
            )
            email = entry.get("user_email") or entry.get("email")
            known = self._desk.by_email(email) if email else None
            if email and known is None:
                known = self._desk.user(entry.get("user_name") or entry.get("name") or email, email)
            user_id = known.id if known else self._user(int(entry.get("user_id") or 0), field).id
            there = [one_there for one_there in there if one_there != user_id]
            if entry.get("action") != "delete":
                there.append(user_id)
        return there

    def _assignee(self, body: Mapping[str, Any]) -> int | None:
        if body.get("assignee_email"):
            user = self._desk.by_email(body["assignee_email"])
        elif body["assignee_id"] is None:
            return None
        else:
            user = self._desk.users.get(body["assignee_id"])
        if user is None or not user.is_staff:
            raise Unacceptable(invalid("assignee", "Assignee: is invalid", "InvalidValue"))
        return user.id

    def _user(self, user_id: Any, field: str) -> FakeUser:
        user = self._desk.users.get(user_id)
        if user is None or not user.active:
            raise Unacceptable(invalid(field, f"{field}: {user_id} is not a user", "InvalidValue"))
        return user


def _text_of(comment: Mapping[str, Any]) -> str:
    return str(comment.get("body") or comment.get("html_body") or "")


def _tags(value: Any) -> list[str]:
    """A list of tags, or a text of them; lower case, without blanks."""
    found = value.split() if isinstance(value, str) else value or []
    return list(dict.fromkeys(str(tag).strip().lower().replace(" ", "_") for tag in found))
