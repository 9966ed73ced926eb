"""PagerDuty's webhook subscriptions as rows, and what we ask of one that is ours.

Facts: https://developer.pagerduty.com/api-reference/ (Webhooks): the list shows no secret, which comes once, with the
answer to the POST; a PUT changes anything but the `delivery_method`, so an address cannot be changed;
`temporarily_disabled` is for one whose address was rejected again and again, and `/enable` is its end.
"""

from __future__ import annotations

import re
from typing import Any

from pydantic import SecretStr

from connectors.kit.fields import items, record, records, text
from connectors.pagerduty.webhook import HEARD
from incidents.errors import Refused, Unknown
from incidents.subscriptions import MadeSubscription, WebhookSubscription

PATH = "/webhook_subscriptions"
WHOLE_ACCOUNT = "account"
UNFINISHED = " - unfinished"
"""At the end of a description until the secret is kept, which PagerDuty shows once."""
_ID = re.compile(r"[0-9A-Za-z]{1,64}")


def rows_of(data: Any) -> list[WebhookSubscription]:
    """The subscriptions on one page of the list."""
    return [_row(one) for one in records(record(data).get("webhook_subscriptions"))]


def made(data: Any) -> MadeSubscription:
    """What came of making one. Raises `Unknown` for an answer without id or secret: list again."""
    one = record(record(data).get("webhook_subscription"))
    secret = text(record(one.get("delivery_method")).get("secret"))
    if not text(one.get("id")) or not secret:
        raise Unknown(f"pagerduty POST {PATH}: the answer has no id or no secret")
    return MadeSubscription(id=text(one["id"]), secret=SecretStr(secret))


def new_subscription(address: str, title: str, scope: str) -> dict[str, Any]:
    """One that sends nothing yet, limited as `scope` (of a row) says."""
    kind, _, own_id = scope.partition(" ")
    limits = {"type": f"{kind or WHOLE_ACCOUNT}_reference"} | ({"id": own_id} if own_id else {})
    return {
        "webhook_subscription": {
            "type": "webhook_subscription",
            "active": False,
            "delivery_method": {"type": "http_delivery_method", "url": address},
            "description": f"{title}{UNFINISHED}",
            "events": sorted(HEARD),
            "filter": limits,
        }
    }


def completed(data: Any) -> dict[str, Any]:
    """What must be changed of one so that it sends what we need; what it tells beyond that stays."""
    one = record(record(data).get("webhook_subscription"))
    told = set(map(text, items(one.get("events"))))
    title = text(one.get("description"))
    changed: dict[str, Any] = {"active": True, "events": sorted(told | HEARD)}
    if title.endswith(UNFINISHED):
        changed["description"] = title.removesuffix(UNFINISHED)
    return {"webhook_subscription": changed}


def is_temporarily_disabled(data: Any) -> bool:
    """Whether PagerDuty itself switched it off."""
    return _is_off(record(record(data).get("webhook_subscription")))


def path_of(id: str) -> str:
    """Raises `Refused` for what is no id, and could lead the call to another path."""
    if _ID.fullmatch(id) is None:
        raise Refused("pagerduty: not the id of a webhook subscription")
    return f"{PATH}/{id}"


def _row(one: dict[str, Any]) -> WebhookSubscription:
    told = frozenset(filter(None, map(text, items(one.get("events")))))
    limits = record(one.get("filter"))
    kind = text(limits.get("type")).removesuffix("_reference")
    is_off = _is_off(one)
    return WebhookSubscription(
        id=text(one.get("id")),
        title=text(one.get("description")),
        address=text(record(one.get("delivery_method")).get("url")),
        kinds=told,
        is_enabled=one.get("active") is True and not is_off,
        disabled_because="PagerDuty did, since its address refused what came" if is_off else "inactive",
        scope="" if kind in ("", WHOLE_ACCOUNT) else f"{kind} {text(limits.get('id'))}",
        lacks=tuple(sorted(HEARD - told)),
        takes_address=False,
        takes_secret=False,
        is_unfinished=text(one.get("description")).endswith(UNFINISHED),
    )


def _is_off(one: dict[str, Any]) -> bool:
    return record(one.get("delivery_method")).get("temporarily_disabled") is True
