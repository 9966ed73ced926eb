"""Jira's webhooks: proven first, read second.

https://developer.atlassian.com/cloud/jira/platform/webhooks/: HMAC-SHA256 of the body where an administrator's webhook
has a secret; so does Data Center from 10 on (https://confluence.atlassian.com/adminjiraserver/, "Managing webhooks"),
which can show a user and a password instead. Neither a time nor an id is signed apart from what the body says: a
delivery is told apart by its bytes, which hold the event's milliseconds. The identifier in a header is not signed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from connectors.kit.atlassian.site import AtlassianSettings, key_from
from connectors.kit.fields import a_record, record, records, text, whole
from connectors.kit.strict_json import parse_json
from connectors.kit.webhooks.signatures import one_header, verify_hex_hmac
from connectors.kit.webhooks.tokens import verify_basic
from incidents.errors import Unrecognised
from incidents.events import Verified

SIGNATURE = "X-Hub-Signature"
PREFIX = "sha256="
CREATED, UPDATED, DELETED = "jira:issue_created", "jira:issue_updated", "jira:issue_deleted"
ISSUE_EVENTS = frozenset({CREATED, UPDATED, DELETED})


@dataclass(frozen=True, kw_only=True, slots=True)
class JiraDelivery:
    """What a webhook says. `key` is the issue's now, "" where it is about none; `former_keys` are those it had before
    the project it was moved from. `issue`, `comment` and `user` are as Jira sends them."""

    kind: str
    at: datetime
    key: str
    former_keys: tuple[str, ...]
    issue: dict[str, Any]
    comment: dict[str, Any]
    user: dict[str, Any]


def verified_from(
    headers: Sequence[tuple[str, str]], body: bytes, *, settings: AtlassianSettings
) -> Verified:
    """The delivery, proven; raises `Forged`."""
    login = settings.webhook_login.get_secret_value()
    if login:
        verify_basic(one_header(headers, "Authorization"), [login.encode()])
    else:
        verify_hex_hmac(body, one_header(headers, SIGNATURE), settings.secrets, prefix=PREFIX)
    # Not the others: an Authorization header would be a credential in the inbox.
    kept = tuple((name, value) for name, value in headers if name.lower() == SIGNATURE.lower())
    return Verified(headers=kept, body=body, identity=f"sha256:{hashlib.sha256(body).hexdigest()}")


def delivery_from(verified: Verified, *, vendor: str, settings: AtlassianSettings) -> JiraDelivery:
    """What a proven delivery says. Raises `Unrecognised`, also for one of another site."""
    if not verified.body.strip():
        raise Unrecognised(f"{vendor}: an empty body; the webhook must not exclude the body")
    data = a_record(parse_json(verified.body), f"{vendor}: the body")
    kind = text(data.get("webhookEvent"))
    if not kind:
        raise Unrecognised(f"{vendor}: no webhookEvent in the body")
    issue = record(data.get("issue"))
    key = key_from(issue.get("key"))
    if issue and key is None:
        raise Unrecognised(f"{vendor}: an issue without its key")
    _require_our_site(issue, vendor, settings)
    return JiraDelivery(
        kind=kind,
        at=_moment(data.get("timestamp"), vendor),
        key=key or "",
        former_keys=_former_keys(data),
        issue=issue,
        comment=record(data.get("comment")),
        user=record(data.get("user")) or record(record(data.get("comment")).get("updateAuthor")),
    )


def _require_our_site(issue: dict[str, Any], vendor: str, settings: AtlassianSettings) -> None:
    """Two sites may have webhooks with one secret (a copied sandbox), and issues of one key."""
    said = text(issue.get("self"))
    if not said:
        return
    try:
        there = urlsplit(said).hostname
    except ValueError:
        there = None
    known = {urlsplit(settings.address).hostname, urlsplit(settings.base_url).hostname}
    if there not in known:
        raise Unrecognised(
            f"{vendor}: a delivery of another Jira than {settings.address}: remove that one's webhook, or give it a"
            " connection of its own"
        )


def _moment(value: object, vendor: str) -> datetime:
    """The event's milliseconds since 1970."""
    number = whole(value)
    try:
        return datetime.fromtimestamp((number or 0) / 1000, UTC) if number else _never(vendor)
    except (OverflowError, OSError, ValueError) as error:
        raise Unrecognised(f"{vendor}: no usable timestamp in the body") from error


def _never(vendor: str) -> datetime:
    raise Unrecognised(f"{vendor}: no timestamp in the body")


def _former_keys(data: dict[str, Any]) -> tuple[str, ...]:
    items = records(record(data.get("changelog")).get("items"))
    found = [key_from(text(one.get("fromString"))) for one in items if text(one.get("field")) == "Key"]
    return tuple(key for key in found if key is not None)
