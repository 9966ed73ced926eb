"""One change on one request: labels, status, then the message, each read back.

A comment goes by the request's own interface, which takes `public` (optional there, so it is always said):
https://developer.atlassian.com/cloud/jira/service-desk/rest/api-group-request/. A note that customers could read all
the same is hidden by the comment's property `sd.public.comment`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.jsm.mapping import is_public, own_comment, requester_of, status_of, transition_for
from connectors.jsm.requests import Requests
from connectors.jsm.settings import ServiceManagementSettings
from connectors.kit.atlassian.documents import plain_wiki, shortened
from connectors.kit.fields import items, record, records, text, utc_time
from connectors.kit.marks import marked
from connectors.kit.private_notes import exposed
from connectors.kit.read_back import read_back
from incidents.errors import NotShown, Refused
from incidents.models import ChangeOutcome, TicketChange, TicketOutcome, TicketStatus

_PUBLISHING = "look at automation rules and apps of the project: something publishes internal comments"


class RequestChanges:
    """All raise `incidents.errors`."""

    def __init__(self, requests: Requests, settings: ServiceManagementSettings) -> None:
        self._requests = requests
        self._settings = settings

    async def change(self, ticket: str, change: TicketChange, once: str) -> TicketOutcome:
        """Raises `NotFound`, `Exposed` and `Refused` where they concern this ticket."""
        issue = await self._requests.issue(ticket)
        version = _version(issue)
        if change.add_tags:
            version = await self._label(ticket, change.add_tags)
        if change.status is not None and status_of(issue, self._settings) is not change.status:
            version = await self._move(ticket, change.status)
        if change.private_note is not None:
            await self._say(ticket, change.private_note, note_key(once, is_private=True), is_shown=False)
        elif change.public_reply is not None:
            if not requester_of(issue).id:
                raise Refused("jsm: nobody reported this request, so a public comment is told to nobody")
            await self._say(ticket, change.public_reply, note_key(once, is_private=False), is_shown=True)
        is_said = change.private_note is not None or change.public_reply is not None
        return TicketOutcome(id=ticket, outcome=ChangeOutcome.DONE, version=None if is_said else version)

    async def was_done(self, ticket: str, once: str) -> bool:
        """Whether the comment with this key is there. Raises `Exposed` for a note that customers could read, and
        `NotShown` for a reply that they cannot."""
        own_id = await self._requests.site.own_id()
        await self._requests.issue(ticket)
        comments = await self._requests.comments(ticket)
        note = own_comment(comments, note_key(once, is_private=True), own_id)
        if note is not None:
            await self._keep_private(ticket, note)
            return True
        reply = own_comment(comments, note_key(once, is_private=False), own_id)
        if reply is not None:
            _require_shown(ticket, reply)
        return reply is not None

    async def _label(self, ticket: str, tags: tuple[str, ...]) -> int:
        body = {"update": {"labels": [{"add": tag} for tag in tags]}}
        await self._requests.send("PUT", f"issue/{ticket}", body, is_repeatable=True)
        seen = await read_back(
            lambda: self._requests.issue(ticket),
            lambda issue: all(tag in items(record(issue.get("fields")).get("labels")) for tag in tags),
            what=f"jsm: labels of request {ticket}",
            cure="look at automation rules that change labels",
        )
        return _version(seen)

    async def _move(self, ticket: str, wanted: TicketStatus) -> int:
        path = f"issue/{ticket}/transitions"
        transitions = records((await self._requests.read(path)).get("transitions"))
        way = transition_for(transitions, wanted, self._settings)
        if way is None:
            names = ", ".join(text(record(one.get("to")).get("name")) for one in transitions)
            raise Refused(
                f"jsm: request {ticket} cannot become {wanted}; from here our user can move it to: {names or 'none'};"
                " say in statuses what these mean"
            )
        own_id, name = way
        await self._requests.send("POST", path, {"transition": {"id": own_id}})
        seen = await read_back(
            lambda: self._requests.issue(ticket),
            lambda issue: _status_name(issue) == name,
            what=f"jsm: request {ticket} to {name!r}",
            cure="look at automation rules that move requests",
        )
        return _version(seen)

    async def _say(self, ticket: str, words: str, key: str, *, is_shown: bool) -> None:
        if not words.strip():
            raise Refused("jsm: an empty comment is refused and would tell nobody anything")
        body = {"body": marked(shortened(plain_wiki(words, keeps_links=is_shown)), key), "public": is_shown}
        own_id = await self._requests.site.own_id()
        await self._requests.say(ticket, body)
        seen = await read_back(
            lambda: self._requests.comments(ticket),
            lambda comments: own_comment(comments, key, own_id) is not None,
            what=f"jsm: comment on request {ticket}",
            cure="look at the request: the comment may be there without our mark",
        )
        comment = own_comment(seen, key, own_id)
        if comment is None:
            return
        if not is_shown:
            await self._keep_private(ticket, comment)
        else:
            _require_shown(ticket, comment)

    async def _keep_private(self, ticket: str, comment: Mapping[str, Any]) -> None:
        if not is_public(comment):
            return
        own = text(comment.get("id"))

        async def hide() -> bool:
            path = f"comment/{own}/properties/sd.public.comment"
            await self._requests.send("PUT", path, {"internal": True}, is_repeatable=True)
            seen = await self._requests.comments(ticket)
            return any(one.get("id") == own and not is_public(one) for one in seen)

        raise await exposed(
            f"jsm: the note on request {ticket}", hide if own.isdigit() else None, cure=_PUBLISHING
        )


def note_key(once: str, *, is_private: bool) -> str:
    """A note and a reply of the same key have different marks: what is public is never taken for the note."""
    return f"{once}/{'note' if is_private else 'reply'}"


def _require_shown(ticket: str, reply: Mapping[str, Any]) -> None:
    if not is_public(reply):
        raise NotShown(
            f"jsm: the reply on request {ticket} was stored as an internal comment that its customer cannot read:"
            " look at automation rules of the project, and tell the customer by hand"
        )


def _status_name(issue: Mapping[str, Any]) -> str:
    return text(record(record(issue.get("fields")).get("status")).get("name"))


def _version(issue: Mapping[str, Any]) -> int:
    return int(utc_time(record(issue.get("fields")).get("updated"), of="jsm").timestamp() * 1000)
