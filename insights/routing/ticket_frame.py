"""Routing's frame, a ticket a row: the same columns when it is learnt from and when it is asked about.

    ticket      its reference, `zendesk/support#4711`
    subject     its first line
    body        its text, the part that is read
    product     and channel, tier, connection: as the helpdesk has them, or missing
    created_at  when the customer wrote it

Left out is what people or rules add in the course of routing: tags, priority, group, assignee.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from incidents.models import Ticket
from insights.routing.history import RoutingColumns
from insights.text import LOOKED_AT

TIME = "created_at"
TEXT = ("subject", "body")
FIELDS = ("product", "channel", "tier", "connection")
COLUMNS = ("ticket", *TEXT, *FIELDS, TIME)

OF_AN_INCIDENT = 50
"""Tickets of one incident that are learnt from, the first ones: a storm's thousandth says nothing new, and with all of
them there would be little else to learn from.
"""


def routing_columns(label: str) -> RoutingColumns:
    """What a routing model of this label learns from."""
    return RoutingColumns(label=label, text=TEXT, fields=FIELDS, time=TIME)


def ticket_frame(tickets: Iterable[Ticket]) -> pd.DataFrame:
    """A row a ticket, to be asked about."""
    rows = [
        (
            str(ticket.ref),
            ticket.subject,
            ticket.body[:LOOKED_AT],
            ticket.product,
            ticket.channel,
            ticket.tier,
            ticket.ref.connection,
            ticket.created_at,
        )
        for ticket in tickets
    ]
    return pd.DataFrame(rows, columns=[*COLUMNS])
