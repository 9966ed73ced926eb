"""What the business rule of `rule/business_rule.js` tells: which record changed, and by whom.

It signs as Standard Webhooks, over an id made of the record and its `sys_mod_count`, the time and the body. It comes in
no certain order and says no customer's words, so a record is always read again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from connectors.kit.fields import a_record, text
from connectors.kit.strict_json import parse_json
from connectors.kit.webhooks.schemes import Scheme, SignatureScheme, Verifier
from connectors.kit.webhooks.trial import is_trial, trial_webhook
from connectors.servicenow.mapping import time_of
from connectors.servicenow.settings import ServiceNowSettings
from connectors.servicenow.table.queries import id_from
from incidents.errors import Forged, NotAllowed, Unrecognised
from incidents.events import TrialWebhook, Verified

SOURCE = "liaison-rule"
INSERT, DELETE = "insert", "delete"
MAX_ID = 200
_NUMBER = re.compile(r"[A-Z]{1,10}[0-9]{3,20}", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleCall:
    """One call. `number` is what people call the record, "" where it is no number that we know; `by` a user name."""

    table: str
    sys_id: str
    number: str
    operation: str
    by: str
    at: datetime


def number_from(value: object) -> str | None:
    """A record's number as people call it, or None for what cannot be one."""
    return value if isinstance(value, str) and _NUMBER.fullmatch(value) else None


class BusinessRule:
    """One connection's deliveries."""

    def __init__(self, connection: str, settings: ServiceNowSettings) -> None:
        self._connection = connection
        self._settings = settings
        self._scheme = SignatureScheme(scheme=Scheme.STANDARD_WEBHOOKS)
        self._verifier = Verifier(self._scheme, settings.secrets)

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        """The delivery, proven; raises `Forged`. Its signed id tells it from others."""
        proof = self._verifier.verify(headers, body, now=now)
        if not proof.id or len(proof.id) > MAX_ID or not proof.id.isprintable():
            raise Forged("header", "servicenow: a delivery without a usable id")
        return Verified(headers=proof.headers, body=body, identity=proof.id)

    def read(self, verified: Verified) -> RuleCall | None:
        """What it tells; None for a test call of our own. Raises `Unrecognised`, also for another instance's: a clone
        has the rule, its secret and our address as well."""
        data = a_record(parse_json(verified.body), "servicenow: the body")
        if is_trial(data):
            return None
        sys_id = id_from(data.get("sys_id"))
        if data.get("source") != SOURCE or sys_id is None or not text(data.get("table")):
            raise Unrecognised(
                "servicenow: not what the business rule sends; put the script of this version there again"
            )
        known = self._settings.known_instance
        if known and text(data.get("instance")).casefold() != known.casefold():
            raise Unrecognised(
                f"servicenow: told by another instance than {known!r}, perhaps its clone; switch the business rule off"
                " there, or correct instance"
            )
        return RuleCall(
            table=text(data.get("table"))[:80],
            sys_id=sys_id,
            number=number_from(data.get("number")) or "",
            operation=text(data.get("operation")),
            by=text(data.get("by")),
            at=time_of(data.get("at")),
        )

    def is_by_us(self, call: RuleCall) -> bool:
        """A record that we made is news all the same."""
        return call.by.casefold() == self._settings.user.casefold() and call.operation != INSERT

    def trial(self, now: datetime) -> TrialWebhook:
        """A test call as the rule would send it. Raises `NotAllowed` where no secret is set."""
        if not self._settings.signing_secrets:
            raise NotAllowed(f"{self._connection} has no signing_secrets; add the business rule's")
        return trial_webhook(self._scheme, self._settings.secrets[0], now=now)
