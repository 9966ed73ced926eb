"""The ways out of customer service, and what tickets hold that may go by them or not."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from incidents.effects import EffectKind


class Edge(StrEnum):
    """A way from the helpdesk to somebody else's system."""

    CHAT = "chat"
    PAGER = "pager"
    TRACKER = "tracker"
    STATUS_PAGE = "status_page"


class Confided(StrEnum):
    """What a ticket holds. `words` are a customer's answer or an agent's note, quoted in part. What nobody else may
    read (cards, passwords, addresses) is taken out before it leaves, whatever is allowed here."""

    NUMBER = "number"
    LINK = "link"
    SUBJECT = "subject"
    WORDS = "words"
    TIER = "tier"
    AGENT = "agent"
    CUSTOMER = "customer"


USUAL = (
    Confided.NUMBER,
    Confided.LINK,
    Confided.SUBJECT,
    Confided.WORDS,
    Confided.TIER,
    Confided.AGENT,
)
"""What engineers have always had. Who the customers are is nothing for them."""

_EDGES: Mapping[EffectKind, Edge] = {
    EffectKind.PAGE: Edge.PAGER,
    EffectKind.PAGE_NOTE: Edge.PAGER,
    # Whoever is on call reads the monitor.
    EffectKind.ALERT_ACKNOWLEDGE: Edge.PAGER,
    EffectKind.CHAT_ROOM: Edge.CHAT,
    EffectKind.CHAT_POST: Edge.CHAT,
    EffectKind.CHAT_ANSWER: Edge.CHAT,
    EffectKind.ISSUE_OPEN: Edge.TRACKER,
    EffectKind.ISSUE_COMMENT: Edge.TRACKER,
    EffectKind.STATUS_PAGE_OPEN: Edge.STATUS_PAGE,
    EffectKind.STATUS_PAGE_UPDATE: Edge.STATUS_PAGE,
}
WITHOUT_WORDS = frozenset(
    {
        EffectKind.PAGE_ACKNOWLEDGE,
        EffectKind.PAGE_RESOLVE,
        EffectKind.ALERT_UNACKNOWLEDGE,
        EffectKind.ACTION,
        EffectKind.TICKET_NOTE,
        EffectKind.TICKET_STATUS,
        EffectKind.CUSTOMER_MESSAGE,
        EffectKind.OUTBOUND_MESSAGE,
    }
)
"""Kinds that say nothing, or say it at the helpdesk itself; an action's arguments are the policy's."""


def edge_of(kind: EffectKind) -> Edge | None:
    """The way by which an effect of this kind leaves; None for one that tells nobody else anything."""
    return _EDGES.get(kind)
