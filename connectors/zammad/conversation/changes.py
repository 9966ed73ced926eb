"""One change of one ticket: its state and an article in one call, believed when it is read back.

`PUT tickets/{id}` takes both and does both or nothing (Zammad's `TicketsController#update`, under a lock). Tags have
calls of their own, which may be repeated, so they come first.
https://docs.zammad.org/en/latest/api/ticket/index.html#update, `.../ticket/tags.html`
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from connectors.kit.fields import text
from connectors.kit.private_notes import exposed
from connectors.kit.read_back import read_back
from connectors.zammad.conversation import articles
from connectors.zammad.conversation.reader import ZammadReader
from connectors.zammad.mapping import MERGED, REMOVED, id_from, state_fields, version_from
from connectors.zammad.settings import ZammadSettings
from incidents.errors import NotAllowed, NotFound, NotShown, Refused, Unknown
from incidents.models import ChangeOutcome, TicketChange, TicketOutcome


class ZammadChanges:
    """Changes tickets as one user. `clock` is for the time of reminders."""

    def __init__(self, reader: ZammadReader, settings: ZammadSettings, clock: Callable[[], datetime]) -> None:
        self._reader = reader
        self._api = reader.api
        self._settings = settings
        self._clock = clock

    async def change(self, ticket: str, change: TicketChange, once: str) -> TicketOutcome:
        """Do it once. Raises `incidents.errors`; once an article may have been written, `Unknown` or `Refused` only."""
        before = await self._living(ticket)
        fields: dict[str, Any] = {}
        statuses = await self._reader.statuses(text(before.get("state")))
        # A state of the house's own stays where it means the same.
        if change.status is not None and statuses.get(text(before.get("state"))) is not change.status:
            fields |= state_fields(change.status, self._settings, now=self._clock())
        article = await self._article(before, change, once)
        for tag in change.add_tags:
            await self._send(
                "POST", "tags/add", {"item": tag, "object": "Ticket", "o_id": int(ticket)}, is_repeatable=True
            )
        if article is not None:
            fields["article"] = article
        if fields:
            await self._send("PUT", f"tickets/{ticket}", fields, is_repeatable=article is None)
        version: int | None = None
        try:
            if "state" in fields:
                changed = await read_back(
                    lambda: self._reader.ticket(ticket),
                    lambda seen: statuses.get(text(seen.get("state"))) is change.status,
                    what=f"zammad: ticket {ticket} to state {fields['state']!r}",
                    cure="look at its core workflows and triggers",
                )
                version = version_from(changed)
            if article is not None:
                await self._prove(ticket, article, once)
        except NotFound as error:
            if article is None:
                raise
            # A trigger moved it where we may not look: the article was sent all the same.
            raise Unknown(
                f"zammad: ticket {ticket} went from our sight after it was changed: {error}"
            ) from error
        return TicketOutcome(id=ticket, outcome=ChangeOutcome.DONE, version=version)

    async def _send(self, method: str, path: str, body: dict[str, Any], *, is_repeatable: bool) -> None:
        """Zammad says 403 of one ticket in a group that we may read and not change."""
        try:
            await self._api.send(method, path, body, is_repeatable=is_repeatable)
        except NotAllowed as error:
            await self._api.record("users/me")
            raise Refused(
                f"zammad {method} {path}: we may not do this; give our user full access to the ticket's group"
            ) from error

    async def _living(self, ticket: str) -> dict[str, Any]:
        data = await self._reader.ticket(ticket)
        state = text(data.get("state"))
        if state == REMOVED:
            raise NotFound(f"zammad: ticket {ticket} was removed")
        if state == MERGED:
            raise Refused(
                f"zammad: ticket {ticket} was merged into another one, where its customer is answered"
            )
        return data

    async def _article(
        self, ticket: dict[str, Any], change: TicketChange, once: str
    ) -> dict[str, Any] | None:
        if change.private_note is not None:
            _require_words(change.private_note)
            return articles.note(change.private_note, once)
        if change.public_reply is None:
            return None
        _require_words(change.public_reply)
        # Read again just before sending: the recipient may have changed.
        email = text((await self._reader.user(ticket.get("customer_id"), is_fresh=True)).get("email"))
        if not email:
            raise Refused("zammad: the ticket's customer has no e-mail address to reply to")
        return articles.reply(change.public_reply, once, to=email, subject=text(ticket.get("title")))

    async def was_done(self, ticket: str, once: str) -> bool:
        """Whether the article with this key is there. Raises `Exposed` for a note that customers could read, and
        `NotShown` for a reply that they cannot."""
        found = articles.with_key(await self._reader.articles(ticket), once)
        await self._keep_private(ticket, found)
        if found is not None:
            _require_shown(ticket, found)
        return found is not None

    async def _prove(self, ticket: str, article: dict[str, Any], once: str) -> None:
        seen = await read_back(
            lambda: self._reader.articles(ticket),
            lambda seen: articles.with_key(seen, once) is not None,
            what=f"zammad: {article['type']} on ticket {ticket}",
            cure="look at the ticket: the article may be there without our key",
        )
        found = articles.with_key(seen, once)
        await self._keep_private(ticket, found)
        if found is not None:
            _require_shown(ticket, found)

    async def _keep_private(self, ticket: str, article: Mapping[str, Any] | None) -> None:
        if article is None or not articles.is_exposed_note(article):
            return
        own_id = id_from(article.get("id"))

        async def hide() -> bool:
            await self._api.send("PUT", f"ticket_articles/{own_id}", {"internal": True}, is_repeatable=True)
            seen = await self._reader.articles(ticket)
            return any(id_from(one.get("id")) == own_id and one.get("internal") is True for one in seen)

        raise await exposed(
            f"zammad: the note on ticket {ticket}",
            None if own_id is None else hide,
            cure="look at Zammad's triggers and core workflows: something publishes notes",
        )


def _require_shown(ticket: str, article: Mapping[str, Any]) -> None:
    if articles.is_hidden_reply(article):
        raise NotShown(
            f"zammad: the reply on ticket {ticket} was stored as a note that its customer cannot read: look at"
            " Zammad's triggers and core workflows, and tell the customer by hand"
        )


def _require_words(said: str) -> None:
    if not said.strip():
        raise Refused("zammad: an empty article is refused by Zammad and would tell nobody anything")
