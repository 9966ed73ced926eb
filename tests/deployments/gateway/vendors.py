"""The four vendors' connections as an operator saves them, and genuine webhooks of each."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from pydantic import SecretStr

from blocks.connect import settings_json
from blocks.http import HttpBlock
from blocks.pagerduty import PagerDutyBlock
from blocks.slack import SlackBlock
from blocks.zendesk import ZendeskBlock
from connectors.http.fields import TicketFields
from connectors.http.settings import WebhookMapping
from connectors.kit.webhooks.signing import (
    sign_hex_hmac,
    sign_slack,
    sign_standard_webhook,
    sign_timestamped_base64,
)

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SECRET = "the-live-signing-secret-of-a-test"
OTHER_SECRET = "the-signing-secret-of-the-other-connection"
TOKEN = "token-that-no-log-may-show"

Headers = list[tuple[str, str]]


def http_settings(secret: str = SECRET) -> str:
    webhook = WebhookMapping(
        signing_secrets=[SecretStr(secret)], ticket=TicketFields(id="id", status="status")
    )
    return settings_json(HttpBlock(webhook=webhook))


SETTINGS: Mapping[str, str] = {
    "zendesk/support": settings_json(
        ZendeskBlock(
            subdomain="acme",
            email="liaison@acme.example",
            api_token=SecretStr(TOKEN),
            signing_secrets=[SecretStr(SECRET)],
        )
    ),
    "pagerduty/main": settings_json(
        PagerDutyBlock(
            api_token=SecretStr(TOKEN),
            from_email="liaison@acme.example",
            routing_key=SecretStr(TOKEN),
            signing_secrets=[SecretStr(SECRET)],
        )
    ),
    "slack/engineering": settings_json(
        SlackBlock(bot_token=SecretStr(f"xoxb-{TOKEN}"), signing_secrets=[SecretStr(SECRET)])
    ),
    "http/desk": http_settings(),
    "http/other": http_settings(OTHER_SECRET),
    "http/probes-only": settings_json(HttpBlock()),
}


def sign_zendesk(body: bytes, *, secret: str = SECRET, at: datetime = NOW, id: str = "") -> Headers:
    del id  # Zendesk's is inside the body
    timestamp = at.isoformat().replace("+00:00", "Z")
    signature = sign_timestamped_base64(body, secret.encode(), timestamp=timestamp)
    return [
        ("X-Zendesk-Webhook-Signature", signature),
        ("X-Zendesk-Webhook-Signature-Timestamp", timestamp),
    ]


def sign_pagerduty(body: bytes, *, secret: str = SECRET, at: datetime = NOW, id: str = "") -> Headers:
    del at, id  # PagerDuty signs no time, and its id is inside the body
    return [("X-PagerDuty-Signature", sign_hex_hmac(body, secret.encode(), prefix="v1="))]


def sign_slacks(body: bytes, *, secret: str = SECRET, at: datetime = NOW, id: str = "") -> Headers:
    del id  # Slack's is inside the body
    timestamp = str(int(at.timestamp()))
    return [
        ("X-Slack-Request-Timestamp", timestamp),
        ("X-Slack-Signature", sign_slack(body, secret.encode(), timestamp=timestamp)),
    ]


def sign_standard(
    body: bytes, *, secret: str = SECRET, at: datetime = NOW, id: str = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"
) -> Headers:
    timestamp = str(int(at.timestamp()))
    return [
        ("webhook-id", id),
        ("webhook-timestamp", timestamp),
        ("webhook-signature", sign_standard_webhook(body, secret.encode(), id=id, timestamp=timestamp)),
    ]


@dataclass(frozen=True, kw_only=True)
class Vendor:
    """One connection and how its vendor signs; `event` is news, `test_call` what its admin screen sends."""

    connection: str
    sign: Callable[..., Headers]
    event: bytes
    test_call: bytes
    is_timed: bool = True

    @property
    def path(self) -> str:
        return f"/hooks/{self.connection}"


ZENDESK = Vendor(
    connection="zendesk/support",
    sign=sign_zendesk,
    event=json.dumps(
        {
            "account_id": 22129848,
            "detail": {"id": "5158", "status": "OPEN", "subject": "Cannot log in", "actor_id": "1"},
            "event": {},
            "id": "d4f5c389-8f4a-4c2e-a1b9-8e4f39c71d52",
            "subject": "zen:ticket:5158",
            "time": "2026-03-02T09:29:58Z",
            "type": "zen:event-type:ticket.created",
            "zendesk_event_version": "2022-11-06",
        }
    ).encode(),
    test_call=b'{"message":"hi"}',
)
PAGERDUTY = Vendor(
    connection="pagerduty/main",
    sign=sign_pagerduty,
    event=json.dumps(
        {
            "event": {
                "id": "01BWDWL3NYY7LUFPZCC28QUCMK",
                "event_type": "incident.acknowledged",
                "resource_type": "incident",
                "occurred_at": "2026-03-02T09:29:58.123Z",
                "agent": {"type": "user_reference", "summary": "Jane Doe"},
                "data": {"id": "PGR0VU2", "type": "incident", "status": "acknowledged"},
            }
        }
    ).encode(),
    test_call=b'{"event":{"id":"01PING","event_type":"pagey.ping","occurred_at":"2026-03-02T09:29:58Z"}}',
    is_timed=False,
)
SLACK = Vendor(
    connection="slack/engineering",
    sign=sign_slacks,
    event=json.dumps(
        {
            "type": "event_callback",
            "event": {
                "type": "app_mention",
                "user": "U0ANNA",
                "text": "<@U0LIAISON> ack INC-2",
                "channel": "C1",
            },
            "event_id": "Ev08MFMKH6",
            "event_time": 1772443798,
        }
    ).encode(),
    test_call=urlencode({"ssl_check": "1", "token": "unused"}).encode(),
)
HTTP = Vendor(
    connection="http/desk",
    sign=sign_standard,
    event=b'{"id":4711,"status":"open"}',
    test_call=b'{"type":"test"}',
)
VENDORS = (ZENDESK, PAGERDUTY, SLACK, HTTP)
