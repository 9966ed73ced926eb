"""A webhook that we send to ourselves: proven by each connector as its vendor's own, and nothing comes of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from blocks.alerta import AlertaBlock
from blocks.alertmanager import AlertmanagerBlock
from blocks.http import HttpBlock
from blocks.pagerduty import PagerDutyBlock
from blocks.requesttracker import RequestTrackerBlock
from blocks.slack import SlackBlock
from blocks.zammad import ZammadBlock
from blocks.zendesk import ZendeskBlock
from connectors.http.settings import WebhookMapping
from connectors.kit.webhooks.schemes import Scheme, SignatureScheme, Verifier
from connectors.kit.webhooks.trial import trial_webhook
from incidents.errors import Forged, NotAllowed
from incidents.events import Ping
from incidents.ports import Connector, WebhookSource
from incidents.subscriptions import TriedByWebhook

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
SECRET = "0123456789abcdef0123456789abcdef"
SIGNED = [SecretStr(SECRET)]
URL = "https://vendor.example"


def connectors() -> dict[str, Connector]:
    """One of each vendor that sends webhooks."""
    token = SecretStr("a-token-of-a-test")
    blocks: list[Any] = [
        ZendeskBlock(subdomain="acme", email="a@b.example", api_token=token, signing_secrets=SIGNED),
        ZammadBlock(base_url=URL, api_token=token, signing_secrets=SIGNED),
        RequestTrackerBlock(base_url=URL, user="liaison", token=token, signing_secrets=SIGNED),
        PagerDutyBlock(api_token=token, from_email="a@b.example", routing_key=token, signing_secrets=SIGNED),
        SlackBlock(bot_token=SecretStr("xoxb-1"), signing_secrets=SIGNED),
        AlertmanagerBlock(url=URL, signing_secrets=SIGNED),
        AlertaBlock(url=URL, signing_secrets=SIGNED),
        HttpBlock(webhook=WebhookMapping(signing_secrets=SIGNED, ticket={"id": "id", "status": "status"})),
    ]
    return {block.get_block_type_slug(): block.connector("x/y") for block in blocks}


@pytest.mark.parametrize("vendor", sorted(connectors()))
async def test_it_is_taken_for_the_vendors_own_and_means_nothing(vendor: str):
    connector = connectors()[vendor]
    assert isinstance(connector, TriedByWebhook)
    assert isinstance(connector, WebhookSource)
    first, second = connector.trial_webhook(now=NOW), connector.trial_webhook(now=NOW)
    verified = connector.verify(first.headers, first.body, now=NOW)
    assert [type(event) for event in connector.events(verified)] == [Ping]
    # Each is looked for by itself in the inbox.
    assert verified.identity != connector.verify(second.headers, second.body, now=NOW).identity
    with pytest.raises(Forged):
        connector.verify([(name, "v1=00") for name, _ in first.headers], first.body, now=NOW)


def scheme_of(scheme: Scheme) -> SignatureScheme:
    parts: dict[Scheme, dict[str, str]] = {
        Scheme.HMAC: {"header": "X-Sign"},
        Scheme.TIMESTAMPED_HMAC: {"header": "X-Sign", "timestamp_header": "X-Time"},
    }
    return SignatureScheme(scheme=scheme, **parts.get(scheme, {}))


ONLY_THEIRS = {Scheme.ED25519, Scheme.ECDSA, Scheme.JWT}


@pytest.mark.parametrize("scheme", sorted(set(Scheme) - ONLY_THEIRS))
def test_every_scheme_that_shares_a_secret(scheme: Scheme):
    wanted = scheme_of(scheme)
    call = trial_webhook(wanted, SECRET.encode(), now=NOW)
    Verifier(wanted, [SECRET.encode()]).verify(call.headers, call.body, now=NOW)
    with pytest.raises(Forged):
        Verifier(wanted, [b"another-secret-of-decent-length!"]).verify(call.headers, call.body, now=NOW)


@pytest.mark.parametrize("scheme", sorted(ONLY_THEIRS))
def test_who_signs_with_a_key_of_their_own_is_not_imitated(scheme: Scheme):
    with pytest.raises(NotAllowed, match="use its own test"):
        trial_webhook(scheme_of(scheme), SECRET.encode(), now=NOW)
