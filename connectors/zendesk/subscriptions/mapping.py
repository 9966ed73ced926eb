"""Zendesk's webhooks as rows, and what we ask of one that is ours.

Facts: https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks/ (`subscriptions`, `status`),
https://developer.zendesk.com/api-reference/ticketing/business-rules/triggers/ (`notification_webhook`). A webhook
is fed by events or by triggers, for ever; one for triggers has the subscription `conditional_ticket_events`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from connectors.kit.fields import any_text, items, record, records, text
from connectors.kit.strict_json import parse_json
from connectors.zendesk.webhook import EVENT_TYPE, GONE
from incidents.errors import Unrecognised
from incidents.subscriptions import SecretMatch, WebhookSubscription

FED_BY_TRIGGERS = "conditional_ticket_events"
NEEDED = frozenset(
    {f"{EVENT_TYPE}{kind}" for kind in GONE}
    | {
        f"{EVENT_TYPE}ticket.{kind}"
        for kind in ("comment_added", "created", "requester_changed", "status_changed", "undeleted")
    }
)
ADD_A_TRIGGER = (
    "add or switch on a trigger that notifies it with the JSON of connectors/zendesk/README.md"
    " (Admin Center, Objects and rules, Triggers)"
)


def subscription(
    webhook: dict[str, Any], triggers: Sequence[dict[str, Any]], secrets: Collection[bytes], secret: str
) -> WebhookSubscription:
    """One webhook. `triggers` are all of the account, `secrets` the connection's, `secret` its own, "" if not shown."""
    own_id = text(webhook.get("id"))
    told = {kind for kind in map(text, items(webhook.get("subscriptions"))) if kind}
    is_fed_by_events = bool(told - {FED_BY_TRIGGERS})
    calling = [one for one in triggers if one.get("active") is True and _calls(one, own_id)]
    lacks = sorted(kind.removeprefix(EVENT_TYPE) for kind in NEEDED - told)
    if not is_fed_by_events:
        lacks = (
            [] if any(_says_the_ticket(one, own_id) for one in calling) else ["tickets: no trigger calls it"]
        )
    return WebhookSubscription(
        id=own_id,
        title=text(webhook.get("name")),
        address=text(webhook.get("endpoint")),
        # What triggers tell is any change of a ticket.
        kinds=frozenset(told) if is_fed_by_events else NEEDED,
        is_enabled=text(webhook.get("status")) == "active",
        disabled_because=text(webhook.get("status")),
        lacks=tuple(lacks),
        complete_by_hand="" if is_fed_by_events else ADD_A_TRIGGER,
        held_by=tuple(f"trigger {any_text(one.get('id'))}" for one in triggers if _calls(one, own_id)),
        secret=_match(secret, secrets),
    )


def new_webhook(address: str, title: str) -> dict[str, Any]:
    """A webhook fed by events, which sends nothing yet."""
    return {
        "webhook": {
            "name": title,
            "endpoint": address,
            "http_method": "POST",
            "request_format": "json",
            "status": "inactive",
            "subscriptions": sorted(NEEDED),
        }
    }


def mended(webhook: dict[str, Any], address: str) -> dict[str, Any]:
    """What must be changed of a webhook so that it sends what we need; what it tells beyond that stays."""
    told = {kind for kind in map(text, items(webhook.get("subscriptions"))) if kind}
    changed: dict[str, Any] = {"endpoint": address, "status": "active"}
    if told - {FED_BY_TRIGGERS}:
        changed["subscriptions"] = sorted(told | NEEDED)
    return {"webhook": changed}


def _match(secret: str, secrets: Collection[bytes]) -> SecretMatch:
    if not secret:
        return SecretMatch.UNKNOWN
    return SecretMatch.SAME if secret.encode() in secrets else SecretMatch.DIFFERENT


def _calls(trigger: dict[str, Any], webhook_id: str) -> bool:
    return any(called == webhook_id for called, _ in _calls_of(trigger))


def _says_the_ticket(trigger: dict[str, Any], webhook_id: str) -> bool:
    for called, body in _calls_of(trigger):
        try:
            if called == webhook_id and "ticket_id" in record(parse_json(body.encode())):
                return True
        except Unrecognised:
            continue
    return False


def _calls_of(trigger: dict[str, Any]) -> list[tuple[str, str]]:
    values = [
        items(one.get("value"))
        for one in records(trigger.get("actions"))
        if one.get("field") == "notification_webhook"
    ]
    return [(any_text(value[0]), text(value[1])) for value in values if len(value) > 1]
