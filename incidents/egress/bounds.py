"""What departs, without what its way out may not have: taken out by value, wherever in the text it stands.

By value, because texts are put together in many places and each could forget: what the incident's tickets hold is
known, so it is looked for in the finished text. Redaction looks at the whole of it once more.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from incidents.effects import (
    ChatAnswer,
    Effect,
    IssueComment,
    IssueText,
    NoteText,
    Payload,
    PublicOpening,
    PublicSaying,
    RoomRequest,
)
from incidents.egress.edges import Confided, Edge
from incidents.egress.whole_words import WholeWords
from incidents.models import ChatMessage, Link, Page
from incidents.redaction.redaction import redact
from incidents.texts.messages import internal, public_again
from incidents.texts.plain_text import cut, one_line

QUOTED = (60, 80, 100, 120, 200)
"""Lengths at which a subject is quoted in a text."""
_SHORTEST_NAME = 3
_BY_VALUE = (
    Confided.LINK,
    Confided.SUBJECT,
    Confided.CUSTOMER,
    Confided.AGENT,
    Confided.TIER,
    Confided.NUMBER,
)
"""In this order; links before numbers, which are in them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TicketSecrets:
    """What one ticket of the incident holds."""

    number: str
    subject: str = ""
    customer: str = ""
    email: str = ""
    agent: str = ""
    tier: str = ""
    url: str = ""


Scrub = Callable[[str], str]


class Bounds:
    """What may not depart by one edge, of these tickets: worked out once for all that departs together.

    `agents` are people of customer service who are named besides those who have a ticket, such as the owner.
    """

    def __init__(
        self,
        edge: Edge,
        tickets: Collection[TicketSecrets],
        allowed: Collection[Confided],
        *,
        agents: Collection[str] = (),
        redactor: Scrub = redact,
    ) -> None:
        self._edge = edge
        self._taken = list(_taken(tickets, allowed, agents))
        self._urls = {one.url for one in tickets if one.url} if Confided.LINK not in allowed else set()
        self._redactor = redactor
        self._seen: dict[str, str] = {}

    def keep(self, effect: Effect) -> Effect:
        """The effect as it may depart: every text of it without what is not allowed, and redacted.

        A text that cannot be looked at is not sent: a word says so.
        """
        return replace(effect, payload=_scrubbed(effect.payload, self._scrub, self._urls))

    def _scrub(self, text: str) -> str:
        # A hundred tickets are told the same.
        if text not in self._seen:
            self._seen[text] = self._looked_at(text)
        return self._seen[text]

    def _looked_at(self, text: str) -> str:
        try:
            for words in self._taken:
                text = words.taken_out(text)
            # What the public reads is the operator's own template: a number in it is meant to be called.
            return text if self._edge is Edge.STATUS_PAGE else self._redactor(text)
        except Exception:  # noqa: BLE001  whatever went wrong, words that nobody looked at must not leave
            return "[withheld: it could not be looked at]"


def _scrubbed(payload: Payload, scrub: Scrub, urls: Collection[str]) -> Payload:
    found: Payload = payload
    match payload:
        case Page():
            found = replace(
                payload,
                summary=scrub(payload.summary),
                details=tuple((label, scrub(value)) for label, value in payload.details),
                links=_links(payload.links, urls),
            )
        case ChatMessage():
            found = replace(payload, text=scrub(payload.text), links=_links(payload.links, urls))
        case ChatAnswer():
            found = replace(payload, text=scrub(payload.text))
        case RoomRequest():
            found = replace(payload, topic=scrub(payload.topic))
        case NoteText() | IssueComment():
            found = replace(payload, text=internal(scrub(payload.text)))
        case IssueText():
            found = replace(payload, title=scrub(payload.title), text=internal(scrub(payload.text)))
        case PublicOpening():
            title, text = public_again(payload.title, scrub), public_again(payload.text, scrub)
            found = replace(payload, title=title, text=text)
        case PublicSaying():
            found = replace(payload, text=public_again(payload.text, scrub))
        case _:
            pass
    return found


def _links(links: tuple[Link, ...], urls: Collection[str]) -> tuple[Link, ...]:
    return tuple(link for link in links if link.url not in urls)


def _taken(
    tickets: Collection[TicketSecrets], allowed: Collection[Confided], agents: Collection[str]
) -> Iterator[WholeWords]:
    """What is looked for, and the word that stands there instead."""
    for kind in (one for one in _BY_VALUE if one not in allowed):
        values = {
            one for one in _held(kind, tickets, agents) if len(one) >= _SHORTEST_NAME or one.startswith("#")
        }
        if values:
            yield WholeWords(values, instead=f"[{kind} withheld]")


def _held(kind: Confided, tickets: Collection[TicketSecrets], agents: Collection[str]) -> Collection[str]:
    match kind:
        case Confided.LINK:
            return [one.url for one in tickets]
        case Confided.SUBJECT:
            return [said for subject in {one.subject for one in tickets} for said in _as_quoted(subject)]
        case Confided.CUSTOMER:
            return [name for one in tickets for name in (_name(one.customer), one.email)]
        case Confided.AGENT:
            return [*(one.agent for one in tickets), *agents]
        case Confided.TIER:
            return [one.tier for one in tickets]
        case _:
            return [f"#{one.number}" for one in tickets]


@lru_cache(maxsize=20_000)  # of the same tickets again and again, while their incident lasts
def _as_quoted(subject: str) -> tuple[str, ...]:
    """A subject as it may stand in a text: whole, on one line, redacted, cut."""
    redacted = redact(subject)
    cuts = (cut(redacted.strip(), limit) for limit in QUOTED)
    return tuple({subject.strip(), one_line(subject), redacted.strip(), *cuts})


def _name(name: str) -> str:
    """A customer's name where it is one: a first name alone would take ordinary words away."""
    return name.strip() if " " in name.strip() else ""
