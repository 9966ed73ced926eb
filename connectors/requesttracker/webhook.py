"""What the scrip of `scrip/liaison_scrip.pl` tells: which ticket changed, by which transactions, and by whom.

It signs as Standard Webhooks, over an id made of the transactions, the time and the body. It comes in no certain order
(RT tells of a reply after it told of the opening that the reply caused), so a ticket is always read again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from connectors.kit.fields import a_record, any_text, records, utc_time
from connectors.kit.strict_json import parse_json
from connectors.kit.webhooks.schemes import Scheme, SignatureScheme, Verifier
from connectors.kit.webhooks.trial import is_trial
from connectors.requesttracker.mapping import DELETED, id_from
from incidents.errors import Forged, Unrecognised
from incidents.events import Event, Ping, TicketEvent, Verified
from incidents.models import Departure, TicketRef

SOURCE = "liaison-scrip"
MAX_ID = 200
_NEWS = "Create"
_SAID = frozenset({"Create", "Correspond", "Comment"})


class Scrip:
    """One connection's deliveries. `secrets` are those of RT_SiteConfig."""

    def __init__(self, connection: str, secrets: Sequence[bytes], own_name: str) -> None:
        self._connection = connection
        self._verifier = Verifier(SignatureScheme(scheme=Scheme.STANDARD_WEBHOOKS), secrets)
        self._own_name = own_name.casefold()

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        """The delivery, proven; raises `Forged`. Its signed id tells it from others."""
        proof = self._verifier.verify(headers, body, now=now)
        if not proof.id or len(proof.id) > MAX_ID or not proof.id.isprintable():
            raise Forged("header", "requesttracker: a delivery without a usable id")
        return Verified(headers=proof.headers, body=body, identity=proof.id)

    def events(self, verified: Verified) -> Sequence[Event]:
        """The ticket that changed, `by_us` where all of it is our own doing. Raises `Unrecognised`."""
        data = a_record(parse_json(verified.body), "requesttracker: the body")
        if is_trial(data):
            return [Ping(connection=self._connection)]
        ticket = id_from(data.get("ticket"))
        transactions = records(data.get("transactions"))
        if data.get("source") != SOURCE or ticket is None or not transactions:
            raise Unrecognised(
                "requesttracker: not what the scrip sends; install the scrip of this version again"
            )
        return [
            TicketEvent(
                ref=TicketRef(connection=self._connection, id=ticket),
                at=max(utc_time(one.get("at"), of="requesttracker") for one in transactions),
                # The scrip sends no customer's words.
                comments_to_read=any(any_text(one.get("type")) in _SAID for one in transactions),
                gone=Departure.DELETED if data.get("status") == DELETED else None,
                by_us=all(self._is_by_us(one) for one in transactions),
            )
        ]

    def _is_by_us(self, transaction: dict[str, Any]) -> bool:
        """A ticket that we made for a customer is news all the same."""
        is_ours = any_text(transaction.get("creator")).casefold() == self._own_name
        return is_ours and transaction.get("type") != _NEWS
