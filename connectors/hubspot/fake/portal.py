"""The fake HubSpot's records, threads and the rules they keep, as documented: a search that sees changes late, stages
that belong to a pipeline, notes that hang on a ticket by an association, messages that are sent by their thread."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

PORTAL, APP, USER, COLLEAGUE = 62515, 1160452, 2620022, 2620023
EMAIL, CHAT = "1002", "1000"
TAGS = "liaison_tags"
STAGES = (
    ("1", "New", "OPEN"),
    ("2", "Waiting on contact", "OPEN"),
    ("3", "Waiting on us", "OPEN"),
    ("4", "Closed", "CLOSED"),
)
Row = dict[str, Any]


class HubSpotPortal:
    """`tell` hears of each event, as a webhook has it."""

    def __init__(self, clock: Callable[[], datetime], tell: Callable[[Row], None]) -> None:
        self.clock = clock
        self._tell = tell
        self._ids = itertools.count(1001)
        self.pipelines = [pipeline("0", "Support", STAGES)]
        self.records: dict[str, dict[str, Row]] = {"tickets": {}, "contacts": {}, "notes": {}}
        self.links: set[tuple[str, str, str]] = set()
        self.threads: dict[str, Row] = {}
        self.messages: dict[str, list[Row]] = {}
        self.properties = {TAGS}
        self.merged: dict[str, str] = {}
        self.locked: set[str] = set()
        # What the search knows: records as they were when it last looked.
        self.index_lag = timedelta(seconds=10)
        self._index: list[tuple[datetime, str, Row]] = []
        # Something of the house mails what colleagues write for each other, or keeps an answer for colleagues.
        self.loses_privacy = self.hides_replies = False
        # A channel that cannot send; a pipeline that waits once a customer is answered; a filter that is not kept.
        self.cannot_send = self.waits_once_answered = self.ignores_filters = False

    def now(self) -> str:
        """To the millisecond, as all its times are."""
        return self.clock().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def create(
        self, name: str, email: str, subject: str, body: str, *, channel: str = EMAIL, has_thread: bool = True
    ) -> str:
        """A customer writes in; without a thread, by a form."""
        first, _, last = name.partition(" ")
        contact = self._contact(email) or self._record(
            "contacts", {"email": email, "firstname": first, "lastname": last}
        )
        properties = {
            "subject": subject, "content": body, "hs_pipeline": "0", "hs_pipeline_stage": "1",
            "source_type": "EMAIL" if has_thread else "FORM", TAGS: None,
        }  # fmt: skip
        ticket = self._record("tickets", properties)
        self.links |= {("tickets/contacts", ticket, contact), ("contacts/tickets", contact, ticket)}
        if has_thread:
            thread = self.open_thread(ticket, contact, channel)
            first_message = self._message(thread, body, actor=f"V-{contact}", is_incoming=True)
            self.change(ticket, {"hs_conversations_originating_message_id": first_message["id"]})
        self._happened("ticket.creation", ticket)
        return ticket

    def open_thread(self, ticket: str, contact: str, channel: str = EMAIL) -> str:
        """A conversation of the help desk that is this ticket's."""
        thread = str(next(self._ids))
        self.threads[thread] = {
            "id": thread,
            "createdAt": self.now(),
            "status": "OPEN",
            "originalChannelId": channel,
            "originalChannelAccountId": "42423411",
            "latestMessageTimestamp": self.now(),
            "spam": False,
            "inboxId": "273071781",
            "associatedContactId": contact,
            "archived": False,
            "threadAssociations": {"associatedTicketId": ticket},
        }
        self.messages[thread] = []
        return thread

    def answer(self, ticket: str, words: str, *, by: str = "") -> None:
        """Its customer writes, or somebody else on the same thread; the help desk opens the ticket again."""
        thread = self.threads_of(ticket)[0]
        contact = self.threads[thread]["associatedContactId"]
        self._message(thread, words, actor=f"E-{by}" if by else f"V-{contact}", is_incoming=True, address=by)
        if self.records["tickets"][ticket]["properties"]["hs_pipeline_stage"] in ("2", "4"):
            self.change(ticket, {"hs_pipeline_stage": "3"})
        self.change(ticket, {"hs_last_message_received_at": self.now()})

    def say(self, thread: str, said: Mapping[str, Any], *, is_by_app: bool = False) -> Row:
        """A colleague, or an app in a colleague's name, writes on a thread: to the customer, or a comment."""
        kind = "COMMENT" if said["type"] == "MESSAGE" and self.hides_replies else said["type"]
        ticket = self.threads[thread]["threadAssociations"]["associatedTicketId"]
        made = self._message(
            thread,
            said["text"],
            actor=said.get("senderActorId") or f"A-{COLLEAGUE}",
            markup=said.get("richText"),
            kind=kind,
            is_by_app=is_by_app,
            sent=said,
        )
        if kind == "MESSAGE" and self.waits_once_answered:
            self.change(ticket, {"hs_pipeline_stage": "2"})
        self.change(ticket, {"hs_last_message_sent_at": self.now()})
        return made

    def note(self, ticket: str, markup: str, *, is_by_app: bool = False) -> Row:
        """What a colleague, or an app, writes on the timeline."""
        if self.loses_privacy:
            self._message(
                self.threads_of(ticket)[0], markup, actor=f"A-{USER}", markup=markup, is_by_app=is_by_app
            )
            return {"id": str(next(self._ids)), "properties": {}, "archived": False}
        by = (
            {"hs_object_source": "INTEGRATION", "hs_object_source_id": str(APP)}
            if is_by_app
            else {"hs_object_source": "CRM_UI", "hs_object_source_id": f"userId:{COLLEAGUE}"}
        )
        note = self._record(
            "notes", {"hs_note_body": markup, "hs_timestamp": self.now(), "hs_created_by_user_id": str(COLLEAGUE), **by}
        )  # fmt: skip
        self.links |= {("tickets/notes", ticket, note), ("notes/tickets", note, ticket)}
        self.change(ticket, {"notes_last_updated": self.now()})
        return self.records["notes"][note]

    def change(self, ticket: str, properties: Mapping[str, Any]) -> None:
        """Any property, which moves the time of the last change."""
        row = self.records["tickets"][ticket]
        row["properties"] |= {**properties, "hs_lastmodifieddate": self.now()}
        row["updatedAt"] = self.now()
        self._seen("tickets", ticket)
        for name, value in properties.items():
            self._happened("ticket.propertyChange", ticket, propertyName=name, propertyValue=value)

    def put_in_bin(self, ticket: str) -> None:
        """Deleted, for ninety days to be restored."""
        self.records["tickets"][ticket]["archived"] = True
        self._happened("ticket.deletion", ticket)

    def merge(self, ticket: str, into: str) -> None:
        """All of it is the other's from now on."""
        self.merged[ticket] = into
        del self.records["tickets"][ticket]
        for thread in self.threads_of(ticket):
            self.threads[thread]["threadAssociations"]["associatedTicketId"] = into
        for kind, one, other in [link for link in self.links if link[:2] == ("tickets/notes", ticket)]:
            self.links |= {(kind, into, other)} - {(kind, one, other)}
        merged = {"primaryObjectId": int(into), "mergedObjectIds": [int(ticket)], "newObjectId": int(into)}
        had = self.records["tickets"][into]["properties"].get("hs_merged_object_ids")
        self.change(into, {"hs_merged_object_ids": f"{had};{ticket}" if had else ticket})
        self._happened("ticket.merge", into, **merged)

    def alive(self, kind: str, own_id: str) -> Row | None:
        """A record that is there; by the id of a merged ticket the survivor."""
        row = self.records[kind].get(self.merged.get(own_id, own_id))
        return None if row is None or row["archived"] else row

    def linked(self, kind: str, own_id: str) -> list[str]:
        """What a record is associated with, such as `tickets/notes`."""
        return sorted((to for link, one, to in self.links if (link, one) == (kind, own_id)), key=int)

    def threads_of(self, ticket: str) -> list[str]:
        """Those that are this ticket's."""
        return [
            one
            for one, row in self.threads.items()
            if row["threadAssociations"]["associatedTicketId"] == ticket
        ]

    def indexed(self) -> list[Row]:
        """The tickets as the search has them by now."""
        until, found = self.clock() - self.index_lag, dict[str, Row]()
        for at, ticket, row in self._index:
            if at <= until and self.alive("tickets", ticket) is not None and ticket not in self.merged:
                found[ticket] = row
        return list(found.values())

    def _contact(self, email: str) -> str | None:
        contacts = self.records["contacts"].items()
        return next((one for one, row in contacts if email and row["properties"]["email"] == email), None)

    def _record(self, kind: str, properties: Mapping[str, Any]) -> str:
        own_id, now = str(next(self._ids)), self.now()
        dates = {"createdate": now, "hs_createdate": now, "hs_lastmodifieddate": now, "hs_object_id": own_id}
        self.records[kind][own_id] = {
            "id": own_id,
            "properties": {**properties, **dates},
            "createdAt": now,
            "updatedAt": now,
            "archived": False,
        }
        self._seen(kind, own_id)
        return own_id

    def _seen(self, kind: str, own_id: str) -> None:
        if kind == "tickets":
            row = self.records[kind][own_id]
            self._index.append((self.clock(), own_id, {**row, "properties": dict(row["properties"])}))

    def _message(
        self,
        thread: str,
        words: str,
        *,
        actor: str,
        is_incoming: bool = False,
        markup: str | None = None,
        kind: str = "MESSAGE",
        is_by_app: bool = False,
        address: str = "",
        sent: Mapping[str, Any] | None = None,
    ) -> Row:
        row = self.threads[thread]
        contact = self.records["contacts"][row["associatedContactId"]]
        channel, is_mail = row["originalChannelId"], row["originalChannelId"] == EMAIL
        way = {
            "type": "HS_EMAIL_ADDRESS" if is_mail else "CHANNEL_SPECIFIC_OPAQUE_ID",
            "value": address or contact["properties"]["email"] if is_mail else f"{thread}c0ffee",
        }
        sender: Row = {
            "actorId": actor,
            "name": f"{contact['properties']['firstname']}" if is_incoming else "Ada",
        }
        client: Row = {"clientType": "INTEGRATION", "integrationAppId": APP}
        if not is_by_app:
            client = {"clientType": "SYSTEM" if is_incoming else "HUBSPOT"}
        made: Row = {
            "id": f"{next(self._ids):032x}",
            "type": kind,
            "conversationsThreadId": thread,
            "createdAt": self.now(),
            "createdBy": actor,
            "client": client,
            "senders": [{**sender, "deliveryIdentifier": way} if is_incoming else sender],
            "recipients": [] if sent is None else list(sent.get("recipients", [])),
            "archived": False,
            "text": words,
            "richText": f"<div>{markup}</div>" if markup else None,
            "attachments": [],
        }
        if kind == "MESSAGE":
            status = "RECEIVED" if is_incoming else "FAILED" if self.cannot_send else "SENT"
            made |= {
                "direction": "INCOMING" if is_incoming else "OUTGOING",
                "channelId": channel,
                "channelAccountId": row["originalChannelAccountId"],
                "truncationStatus": "NOT_TRUNCATED",
                "status": {"statusType": status},
            }
        self.messages[thread].append(made)
        row["latestMessageTimestamp"] = self.now()
        self._tell(
            {"subscriptionType": "conversation.newMessage", "objectId": int(thread), "messageId": made["id"]}
        )
        return made

    def _happened(self, kind: str, ticket: str, **more: Any) -> None:
        self._tell({"subscriptionType": kind, "objectId": int(ticket), **more})


def pipeline(own_id: str, label: str, stages: tuple[tuple[str, str, str], ...]) -> Row:
    """A pipeline with its stages: id, label and whether that is open."""
    return {
        "id": own_id,
        "label": label,
        "displayOrder": 0,
        "archived": False,
        "stages": [
            {
                "id": stage,
                "label": name,
                "displayOrder": number,
                "archived": False,
                "metadata": {"ticketState": state},
            }
            for number, (stage, name, state) in enumerate(stages)
        ],
    }
