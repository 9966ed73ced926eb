"""The business rule of `rule/business_rule.js`, told in Python: a signed call after each change."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

from connectors.kit.webhooks.signing import ID, SIGNATURE, TIMESTAMP, sign_standard_webhook
from connectors.servicenow.fake.encoded import Row
from connectors.servicenow.fake.instance import FakeInstance

Headers = list[tuple[str, str]]


class FakeRule:
    """Collects its calls in `deliveries`; none where there is no secret."""

    def __init__(self, instance: FakeInstance, clock: Callable[[], datetime], secret: bytes) -> None:
        self.deliveries: list[tuple[Headers, bytes]] = []
        self._instance = instance
        self._clock = clock
        self._secret = secret
        instance.told = self.tell

    def tell(self, table: str, operation: str, row: Row, by: str) -> None:
        """What happened to a record."""
        if not self._secret:
            return
        document = {
            "source": "liaison-rule",
            "version": 1,
            "instance": self._instance.name,
            "table": table,
            "sys_id": row["sys_id"],
            "number": row["number"],
            "operation": operation,
            "by": by,
            "at": self._instance.stamp() if operation == "delete" else row["sys_updated_on"],
        }
        body = json.dumps(document).encode()
        delivery = f"sn-{row['sys_id']}-{row['sys_mod_count']}-{operation}"
        self.deliveries.append((self.signed(body, delivery), body))

    def signed(self, body: bytes, delivery: str) -> Headers:
        """The headers of a call."""
        stamp = str(int(self._clock().timestamp()))
        signature = sign_standard_webhook(body, self._secret, id=delivery, timestamp=stamp)
        return [(ID, delivery), (TIMESTAMP, stamp), (SIGNATURE, signature)]
