"""Signatures: what vendors publish as genuine verifies, and what they publish as wrong does not."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.kit.webhooks import signatures as sig
from connectors.kit.webhooks import tokens
from incidents.errors import Forged
from tests.connectors.kit.schemes import SCHEMES
from tests.shared_folder import SHARED, shared_path

pytestmark = pytest.mark.shared

FILE = "vectors/signatures.json"

# The file's (scheme, provider or None for any) -> our scheme, and which header plays which role.
ROLES: dict[tuple[str, str | None], tuple[str, dict[str, str]]] = {
    ("sw.v1", None): (
        "standard webhooks",
        {"id": "webhook-id", "timestamp": "webhook-timestamp", "signature": "webhook-signature"},
    ),
    ("sw.v1", "svix"): (
        "standard webhooks",
        {"id": "svix-id", "timestamp": "svix-timestamp", "signature": "svix-signature"},
    ),
    ("hmac_sha256_hex_prefixed", "github"): ("github", {"signature": "X-Hub-Signature-256"}),
    ("hmac_sha256_hex_prefixed", "jira"): ("github", {"signature": "X-Hub-Signature"}),
    ("hmac_sha1_hex_prefixed", "zammad"): ("zammad", {"signature": "X-Hub-Signature"}),
    ("hmac_sha512_hex", "convoy"): ("convoy", {"signature": "X-Convoy-Signature"}),
    ("pd.v1", None): ("pagerduty", {"signature": "X-PagerDuty-Signature"}),
    ("slack.v0", None): (
        "slack",
        {"timestamp": "X-Slack-Request-Timestamp", "signature": "X-Slack-Signature"},
    ),
    ("zendesk.ts_body_b64", None): (
        "zendesk",
        {
            "timestamp": "X-Zendesk-Webhook-Signature-Timestamp",
            "signature": "X-Zendesk-Webhook-Signature",
        },
    ),
    ("grafana.hmac", None): ("grafana", {"signature": "X-Grafana-Alerting-Signature"}),
    ("grafana.hmac_ts", None): ("grafana with time", {}),
    ("teams.hmac_b64", None): ("teams", {"signature": "Authorization"}),
    ("hookdeck.b64", None): ("hookdeck", {"signature": "X-Hookdeck-Signature"}),
    ("stripe.v1", None): ("stripe", {"signature": "Stripe-Signature"}),
    ("shared_token", None): ("token", {"token": "X-Gitlab-Token"}),
    ("bearer", None): ("bearer", {"authorization": "Authorization"}),
    ("basic", None): ("basic", {"authorization": "Authorization"}),
}


def vectors() -> list[Any]:
    """The file's vectors, or one case without any, which then skips (or fails in CI) by itself."""
    if not (SHARED / FILE).exists():
        return [pytest.param(None, id="no vectors")]
    found = json.loads((SHARED / FILE).read_text("utf-8"))["vectors"]
    return [pytest.param(vector, id=vector["id"]) for vector in found]


def verify(vector: dict[str, Any]) -> None:
    """Verify as this vendor's connector would."""
    body, secret = vector["body"].encode(), vector["secret"].encode()
    if vector["secret_encoding"] == "base64":
        secret = base64.b64decode(secret)
    if vector["scheme"] == "org_id+mtls":
        tokens.require_organization(body, vector["secret"])
    elif vector["scheme"] == "path_token":
        tokens.verify_token(vector["path"].rpartition("/")[2], [secret])
    else:
        key = (vector["scheme"], vector["provider"])
        name, roles = ROLES.get(key) or ROLES[vector["scheme"], None]
        headers = list(vector["headers"].items())
        roles = {**roles, **vector.get("header_names", {})}
        by_role = {role: sig.one_header(headers, header) for role, header in roles.items()}
        SCHEMES[name].verify(body, by_role, [secret], datetime.fromtimestamp(vector["now"] or 0, UTC))


@pytest.mark.parametrize("vector", vectors())
def test_vendor_vector(vector):
    """accept=true verifies; accept=false is `Forged`, never another exception."""
    if vector is None:
        shared_path(FILE)
    if vector["accept"]:
        verify(vector)
    else:
        with pytest.raises(Forged):
            verify(vector)
