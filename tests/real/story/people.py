"""What customers, agents and engineers do at the real servers, and what they see there."""

from __future__ import annotations

import asyncio
import base64
import re
import smtplib
from collections.abc import Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from typing import Any

import httpx

from connectors.mail.fake.app import ADDRESS
from tests.real.running import HOST
from tests.real.story.world import COMPANY, Servers

ADA = "ada@customer.example"
CARL = "carl@other.example"
"""Ada writes a mail; Carl telephones, and an agent makes a ticket of it in RT."""
SUBJECT = "Checkout fails with an error"
MESSAGE_ID = "<a-customers-own-id@customer.example>"
_LINK = re.compile(r"https?://\S+/pages/[0-9A-Za-z_.-]+")


@dataclass(frozen=True, kw_only=True)
class SaidInRt:
    """A message on a ticket; `kind` in RT's words: Create, Correspond (the customer reads it), Comment."""

    kind: str
    text: str


@dataclass
class People:
    """Everybody, each at the servers that are theirs."""

    servers: Servers
    _since: str | None = None

    async def ada_writes(self) -> None:
        """From her own mail server to the company's, which asks strangers for no login."""
        mail = EmailMessage(policy=SMTP)
        mail["From"], mail["To"], mail["Subject"] = f"Ada Lovelace <{ADA}>", ADDRESS, SUBJECT
        mail["Message-ID"] = MESSAGE_ID
        mail.set_content("I tried three times, and cannot pay.")
        await asyncio.to_thread(self._send, mail)

    async def carl_telephones(self) -> str:
        """The number of his ticket."""
        name = f"Carl Gauss <{CARL}>"
        return await asyncio.to_thread(self.servers.rt.create, "Cannot pay in the checkout", name)

    async def mails(self, address: str) -> Sequence[EmailMessage]:
        """What came to this address, the oldest first."""
        found = await asyncio.to_thread(self.servers.dovecot.inbox, address)
        return [message_from_bytes(one, policy=default) for one in found]

    async def notices(self, name: str) -> Sequence[EmailMessage]:
        """What came to somebody of the company."""
        return await self.mails(f"{name}@{COMPANY}")

    async def ana_presses(self, button: str = "") -> None:
        """The newest link in her mail, as a browser would send its button: `I have it`, or `/over`."""
        links = [link[0] for mail in await self.notices("ana") if (link := _LINK.search(text_of(mail)))]
        async with httpx.AsyncClient(trust_env=False) as browser:
            (await browser.get(links[-1])).raise_for_status()
            (await browser.post(f"{links[-1]}{button}")).raise_for_status()

    async def room(self) -> str | None:
        """The incident's room, that Ana was invited into and comes into; None until there is one."""
        # As a client does, from where it was: Synapse answers a first look from a cache of two minutes.
        known = {} if self._since is None else {"since": self._since}
        news = await self.servers.ana.call("GET", "/sync", **known)
        self._since = news["next_batch"]
        for room in news.get("rooms", {}).get("invite", {}):
            await self.servers.ana.call("POST", f"/join/{room}")
        joined = (await self.servers.ana.call("GET", "/joined_rooms"))["joined_rooms"]
        return str(joined[0]) if joined else None

    async def ana_says(self, text: str) -> None:
        room = await self.room()
        assert room is not None
        await self.servers.ana.say(room, text)

    async def said_in_room(self) -> str:
        """All of it, each message as it is now."""
        room = await self.room()
        if room is None:
            return ""
        page = await self.servers.ana.call("GET", f"/rooms/{room}/messages", dir="b", limit="200")
        return "\n".join(_shown(event) for event in reversed(page["chunk"]))

    async def said_in_rt(self, ticket: str) -> Sequence[SaidInRt]:
        """On a ticket, as RT's administrator sees it."""
        return await asyncio.to_thread(self._said_in_rt, ticket)

    async def rt_status(self, ticket: str) -> str:
        shown = await asyncio.to_thread(self.servers.rt.call, "GET", f"ticket/{ticket}")
        return str(shown.json()["Status"])

    async def issues(self, *, by: str | None = "engineer") -> list[dict[str, Any]]:
        """Redmine's, with their notes; nobody (`by` None) sees what the public may."""
        return await asyncio.to_thread(self._issues, by)

    def _send(self, mail: EmailMessage) -> None:
        with smtplib.SMTP(HOST, self.servers.postfix.port) as smtp:
            smtp.send_message(mail)

    def _said_in_rt(self, ticket: str) -> list[SaidInRt]:
        call = self.servers.rt.call
        rows = call("GET", f"ticket/{ticket}/history?fields=Type&per_page=100").json()["items"]
        said = []
        for row in rows:
            if row["Type"] not in ("Create", "Correspond", "Comment"):
                continue
            parts = call("GET", f"transaction/{row['id']}/attachments").json()["items"]
            words = [call("GET", f"attachment/{part['id']}").json().get("Content") or "" for part in parts]
            text = "\n".join(base64.b64decode(word).decode() for word in words)
            said.append(SaidInRt(kind=row["Type"], text=text))
        return said

    def _issues(self, by: str | None) -> list[dict[str, Any]]:
        redmine = self.servers.redmine
        listed = redmine.call("GET", "issues.json?status_id=*", by=by).json()["issues"]
        return [
            redmine.call("GET", f"issues/{one['id']}.json?include=journals", by=by).json()["issue"]
            for one in listed
        ]


def text_of(mail: EmailMessage) -> str:
    """The words that its reader sees."""
    body = mail.get_body(preferencelist=("plain", "html"))
    return "" if body is None else str(body.get_content())


def _shown(event: dict[str, Any]) -> str:
    """A message of the room as programs show it: by its newest edit."""
    edit = event.get("unsigned", {}).get("m.relations", {}).get("m.replace")
    content = edit["content"]["m.new_content"] if edit else event["content"]
    is_edit = content.get("m.relates_to", {}).get("rel_type") == "m.replace"
    return "" if event["type"] != "m.room.message" or is_edit else str(content.get("body", ""))
