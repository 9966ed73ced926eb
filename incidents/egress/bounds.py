"""What departs, without what its way out may not have: taken out by value, wherever in the text it stands.

By value, because texts are put together in many places and each could forget: what the incident's tickets hold is
known, so it is looked for in the finished text. Redaction looks at the whole of it once more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace

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
from incidents.egress.edges import Confided, Edge, edge_of
from incidents.models import ChatMessage, Link, Page
from incidents.redaction.redaction import redact, safe_excerpt
from incidents.texts.messages import internal, public_again
from incidents.texts.plain_text import one_line

QUOTED = (60, 80, 100, 120, 200)
"""Lengths at which a subject is quoted in a text."""
_SHORTEST_NAME = 3


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


def within_bounds(
    effect: Effect,
    tickets: Collection[TicketSecrets],
    allowed: Collection[Confided],
    *,
    agents: Collection[str] = (),
    redactor: Scrub = redact,
) -> Effect:
    """The effect as it may depart: every text of it without what is not `allowed`, and redacted. `agents` are people of
    customer service who are named besides those who have a ticket, such as the owner.

    What leaves nowhere is returned as it is. A text that cannot be looked at is not sent: a word says so.
    """
    edge = edge_of(effect.kind)
    if edge is None:
        return effect
    taken = list(_taken(tickets, allowed, agents))
    urls = {one.url for one in tickets if one.url} if Confided.LINK not in allowed else set()

    def scrub(text: str) -> str:
        try:
            for pattern, word in taken:
                text = pattern.sub(word, text)
            # What the public reads is the operator's own template: a number in it is meant to be called.
            return text if edge is Edge.STATUS_PAGE else redactor(text)
        except Exception:  # noqa: BLE001  whatever went wrong, words that nobody looked at must not leave
            return "[withheld: it could not be looked at]"

    return replace(effect, payload=_scrubbed(effect.payload, scrub, urls))


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
) -> Iterator[tuple[re.Pattern[str], str]]:
    """What is looked for, and the word that stands there instead; links before numbers, which are in them."""
    held = {
        Confided.LINK: [one.url for one in tickets],
        Confided.SUBJECT: [said for one in tickets for said in _as_quoted(one.subject)],
        Confided.CUSTOMER: [name for one in tickets for name in (_name(one.customer), one.email)],
        Confided.AGENT: [*(one.agent for one in tickets), *agents],
        Confided.TIER: [one.tier for one in tickets],
        Confided.NUMBER: [f"#{one.number}" for one in tickets],
    }
    for kind, values in held.items():
        wanted = sorted({one for one in values if len(one) >= _SHORTEST_NAME or one.startswith("#")}, key=len)
        if kind not in allowed and wanted:
            words = "|".join(re.escape(one) for one in reversed(wanted))
            # Whole words: the tier "pro" is not in "problem", and #1 not in #12.
            yield re.compile(rf"(?<!\w)(?:{words})(?!\w)"), f"[{kind} withheld]"


def _as_quoted(subject: str) -> Iterator[str]:
    """A subject as it may stand in a text: whole, on one line, redacted, cut."""
    yield from (subject.strip(), one_line(subject), redact(subject).strip())
    for limit in QUOTED:
        yield safe_excerpt(subject, limit)


def _name(name: str) -> str:
    """A customer's name where it is one: a first name alone would take ordinary words away."""
    return name.strip() if " " in name.strip() else ""
