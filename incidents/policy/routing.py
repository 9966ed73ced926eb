"""Which service a ticket is about, and why we think so: the first rule that matches decides."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Self

from pydantic import Field, model_validator

from incidents.models import JoinOrigin, Severity, Ticket
from incidents.policy.words import Connection, PolicySection
from incidents.texts.team import Sentence, sentence, worded, worded_as

LOOKED_AT = 10_000
"""Characters of subject and body that keywords are looked for in: what matters is said early."""

REMEMBERED = 2_000
"""Tickets."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """Where a ticket goes, and who says so. `ignored` tickets belong to no incident; `reason` is for people."""

    service: str | None
    severity: Severity | None
    origin: JoinOrigin
    reason: str
    ignored: bool = False


CORRECTION = "liaison-service-"
"""Begins the tag by which an agent says which service a ticket is about: `liaison-service-checkout`."""


def corrected_service(ticket: Ticket) -> str | None:
    """What an agent's tag says, if there is one; it goes before rules and models, and is learnt from."""
    return next((tag.removeprefix(CORRECTION) for tag in ticket.tags if tag.startswith(CORRECTION)), None)


class RoutingRule(PolicySection):
    """One rule. Every kind of criterion given must match; within a kind any one will do, but all_keywords."""

    service: str | None = Field(default=None, description="Service whose incident a matching ticket joins.")
    ignore: bool = Field(default=False, description="Leave matching tickets alone: spam, questions, orders.")
    reason: str = Field(default="", description="What to tell people about why this rule exists.")
    any_keyword: list[str] = Field(
        default_factory=list, description="Words or phrases of which one must occur in subject or body."
    )
    all_keywords: list[str] = Field(
        default_factory=list, description="Words or phrases that must all occur in subject or body."
    )
    any_tag: list[str] = Field(default_factory=list, description="Helpdesk tags of which the ticket has one.")
    product: list[str] = Field(
        default_factory=list, description="Products of which the ticket names one, as the helpdesk has them."
    )
    connection: list[Connection] = Field(
        default_factory=list, description="Helpdesk connections of which the ticket came in by one."
    )
    channel: list[str] = Field(
        default_factory=list, description="Ways the customer wrote of which it is one: mail, web, chat, ..."
    )
    not_channel: list[str] = Field(
        default_factory=list,
        description="Ways the customer wrote of which it must be none; no criterion alone.",
    )
    severity: Severity | None = Field(
        default=None, description="Severity for the incident instead of the service's own, 1 (worst) to 4."
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        criteria = [*self.any_keyword, *self.all_keywords, *self.any_tag, *self.product, *self.connection]
        criteria += self.channel
        if not criteria:
            raise ValueError(
                "the rule has no criterion and would match every ticket; give it any_keyword, all_keywords, "
                "any_tag, product, channel or connection (connection alone takes all tickets of a helpdesk)"
            )
        if any(not text.strip() for text in [*criteria, *self.not_channel]):
            raise ValueError("an empty keyword, tag, product or channel matches nothing; remove it")
        if self.ignore and self.service is not None:
            raise ValueError("the rule both ignores tickets and names a service; keep one of the two")
        if not self.ignore and self.service is None:
            raise ValueError("the rule leads nowhere; add service, or ignore: true")
        return self

    def matches(self, words: TicketWords) -> str | None:
        """Why the ticket matches (`keyword 'checkout' and tag 'vip'`), or None."""
        if words.channel(self.not_channel) is not None:
            return None
        reasons = []
        for given, look in (
            (self.any_keyword, words.any_keyword),
            (self.all_keywords, words.all_keywords),
            (self.any_tag, words.tag),
            (self.product, words.product),
            (self.connection, words.connection),
            (self.channel, words.channel),
        ):
            if not given:
                continue
            why = look(given)
            if why is None:
                return None
            reasons.append(why)
        return worded(" and ").join(reasons) or None

    def route(self, words: TicketWords) -> Route | None:
        """Where this rule sends the ticket, or None when it does not match."""
        why = self.matches(words)
        if why is None:
            return None
        reason = f"{self.reason} ({why})" if self.reason else why
        return Route(
            service=self.service,
            severity=self.severity,
            origin=JoinOrigin.RULE,
            reason=reason,
            ignored=self.ignore,
        )


class TicketWords:
    """A ticket as rules read it: folded once, however many rules there are."""

    def __init__(self, ticket: Ticket) -> None:
        self._ticket = ticket

    @cached_property
    def _text(self) -> str:
        ticket = self._ticket
        return _fold(f"{ticket.subject[:LOOKED_AT]}\n{ticket.body[:LOOKED_AT]}"[:LOOKED_AT])

    @cached_property
    def _tags(self) -> frozenset[str]:
        return frozenset(_fold(tag).strip() for tag in self._ticket.tags)

    def any_keyword(self, keywords: Sequence[str]) -> str | None:
        """Which keyword occurs, in words for people, or None."""
        return next(
            (
                worded("keyword {word}", word=repr(word))
                for word in keywords
                if _whole_word(word).search(self._text)
            ),
            None,
        )

    def all_keywords(self, keywords: Sequence[str]) -> str | None:
        """The keywords, in words for people, if all of them occur."""
        if not all(_whole_word(word).search(self._text) for word in keywords):
            return None
        return worded("keywords {words}", words=", ".join(repr(word) for word in keywords))

    def tag(self, wanted: Sequence[str]) -> str | None:
        """Which tag it has, in words for people, or None."""
        return _any_equal(_TAG, wanted, self._tags)

    def product(self, wanted: Sequence[str]) -> str | None:
        """Which product it names, in words for people, or None."""
        return _any_equal(_PRODUCT, wanted, frozenset({_fold(self._ticket.product or "").strip()}))

    def connection(self, wanted: Sequence[str]) -> str | None:
        """Which connection it came by, in words for people, or None."""
        return _any_equal(_CONNECTION, wanted, frozenset({_fold(self._ticket.ref.connection).strip()}))

    def channel(self, wanted: Sequence[str]) -> str | None:
        """By which channel its customer wrote, in words for people, or None."""
        return _any_equal(_CHANNEL, wanted, frozenset({_fold(self._ticket.channel or "").strip()}))


class Router:
    """The first rule that matches decides. What was found is remembered for a while: between its webhook and its
    commit each ticket of a chunk is asked about several times, and a policy may have hundreds of rules.
    """

    def __init__(self, rules: Sequence[RoutingRule]) -> None:
        self.rules = rules
        self._found: dict[Ticket, Route | None] = {}

    def route(self, ticket: Ticket) -> Route | None:
        """Where the first rule that matches sends the ticket, or None."""
        if ticket in self._found:
            return self._found[ticket]
        words = TicketWords(ticket)
        found = next((route for rule in self.rules if (route := rule.route(words)) is not None), None)
        if len(self._found) >= REMEMBERED:
            self._found.clear()
        self._found[ticket] = found
        return found


_TAG, _PRODUCT = sentence("tag {value}"), sentence("product {value}")
_CONNECTION, _CHANNEL = sentence("connection {value}"), sentence("channel {value}")


def _any_equal(kind: Sentence, wanted: Sequence[str], has: frozenset[str]) -> str | None:
    return next((worded_as(kind, value=repr(value)) for value in wanted if _folded_word(value) in has), None)


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


@lru_cache(maxsize=8192)
def _folded_word(word: str) -> str:
    return _fold(word).strip()


@lru_cache(maxsize=4096)
def _whole_word(keyword: str) -> re.Pattern[str]:
    words = (re.escape(word) for word in _fold(keyword).split())
    # Bounded white space between words keeps a search linear in the text.
    return re.compile(r"(?<!\w)" + r"\s{1,10}".join(words) + r"(?!\w)")
