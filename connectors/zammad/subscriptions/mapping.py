"""Zammad's webhooks with the triggers that call them, as rows; and what we ask of one that is ours.

Facts: https://docs.zammad.org/en/pre-release/api/webhook.html (secrets are never shown) and `.../api/trigger.html`
(`perform` names the webhook; `condition` is a flat object or a tree of conditions). A webhook sends nothing by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.kit.fields import any_text, items, record, records, text
from incidents.subscriptions import WebhookSubscription

ACTIONS = ("create", "update")
OURS = "Liaison ("
"""How the titles begin of what `--repair` makes."""
_NOTIFY = "notification.webhook"
_ACTION = "ticket.action"


def subscription(webhook: Mapping[str, Any], triggers: Sequence[Mapping[str, Any]]) -> WebhookSubscription:
    """One webhook. `triggers` are all there are."""
    own_id = any_text(webhook.get("id"))
    calling = [one for one in triggers if calls(one, own_id)]
    told = {action for one in calling if one.get("active") is True for action in actions_of(one)}
    lacks = [f"tickets on {action}: no trigger calls it then" for action in ACTIONS if action not in told]
    if webhook.get("customized_payload") is True:
        lacks.append("the ticket: its payload is customized")
    return WebhookSubscription(
        id=own_id,
        title=text(webhook.get("name")),
        address=text(webhook.get("endpoint")),
        kinds=frozenset(ACTIONS),
        is_enabled=webhook.get("active") is True,
        disabled_because="inactive",
        lacks=tuple(lacks),
        held_by=tuple(f"trigger {text(one.get('name'))[:60]!r}" for one in calling if not is_ours_alone(one)),
    )


def new_webhook(address: str, title: str, secret: str) -> dict[str, Any]:
    """A webhook that sends nothing yet."""
    return {
        "name": title,
        "endpoint": address,
        "http_method": "post",
        "signature_token": secret,
        "ssl_verify": True,
        "customized_payload": False,
        "note": "Made by Liaison; see its documentation on webhooks.",
        "active": False,
    }


def mended(webhook: Mapping[str, Any], address: str, secret: str) -> dict[str, Any]:
    """What must be changed of a webhook so that it sends what we need, signed as we know."""
    return {
        "name": text(webhook.get("name")),
        "endpoint": address,
        "http_method": "post",
        "signature_token": secret,
        "customized_payload": False,
        "active": True,
    }


def new_trigger(webhook_id: str, webhook: Mapping[str, Any], action: str) -> dict[str, Any]:
    """A trigger that calls the webhook whenever a ticket is made, or changed."""
    name = text(webhook.get("name"))
    title = name if name.startswith(OURS) else f"{OURS}webhook {webhook_id})"
    return {
        "name": f"{title} {action}",
        "condition": {_ACTION: {"operator": "is", "value": action}},
        "perform": {_NOTIFY: {"webhook_id": int(webhook_id)}},
        "activator": "action",
        "execution_condition_mode": "always",
        "disable_notification": True,
        "active": True,
    }


def calls(trigger: Mapping[str, Any], webhook_id: str) -> bool:
    """Whether the trigger calls this webhook."""
    return any_text(record(record(trigger.get("perform")).get(_NOTIFY)).get("webhook_id")) == webhook_id


def is_ours_alone(trigger: Mapping[str, Any]) -> bool:
    """Whether a repair made it, and it does nothing else."""
    return text(trigger.get("name")).startswith(OURS) and set(record(trigger.get("perform"))) == {_NOTIFY}


def actions_of(trigger: Mapping[str, Any]) -> set[str]:
    """On what it acts: `create`, `update`; both where its condition names none."""
    named = set(_named_actions(record(trigger.get("condition"))))
    return named & set(ACTIONS) if named else set(ACTIONS)


def _named_actions(condition: Mapping[str, Any]) -> Iterator[str]:
    flat = record(condition.get(_ACTION))
    for one in (flat, *(one for one in records(condition.get("conditions")) if one.get("name") == _ACTION)):
        value = one.get("value")
        yield from (text(action) for action in items(value) or [value] if text(action))
    for one in records(condition.get("conditions")):
        if "conditions" in one:
            yield from _named_actions(one)
