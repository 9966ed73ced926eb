"""The vendors' own libraries, asked to sign and to verify. Runs under the Python that has them, not under ours.

Reads lines, each a JSON list of questions, and writes for each the list of answers: a signature for a question
without one, else whether the signature holds.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import standardwebhooks
import stripe
import svix.webhooks
from slack_sdk.signature import Clock, SignatureVerifier
from standardwebhooks.webhooks import WebhookVerificationError


class _Then(Clock):
    """Slack's verifier can be told the time; the others ask the system's clock."""

    def __init__(self, timestamp: str) -> None:
        self._now = float(timestamp)

    def now(self) -> float:
        return self._now


def slack(question: dict[str, Any]) -> str | bool | None:
    verifier = SignatureVerifier(question["secret"], _Then(question["now"]))
    body, timestamp = question["body"].encode(), question["timestamp"]
    if question["signature"] is None:
        return verifier.generate_signature(timestamp=timestamp, body=body)
    return verifier.is_valid(body, timestamp, question["signature"])


def standard(question: dict[str, Any], library: ModuleType = standardwebhooks) -> str | bool:
    webhook = library.Webhook(question["secret"])
    id_, timestamp, signature = question["id"], question["timestamp"], question["signature"]
    if signature is None:
        return str(webhook.sign(id_, datetime.fromtimestamp(int(timestamp), UTC), question["body"]))
    headers = {"webhook-id": id_, "webhook-timestamp": timestamp, "webhook-signature": signature}
    try:
        webhook.verify(question["body"].encode(), headers)
    except WebhookVerificationError:
        return False
    return True


def of_svix(question: dict[str, Any]) -> str | bool:
    return standard(question, svix.webhooks)


def of_stripe(question: dict[str, Any]) -> str | bool:
    body, secret, signature = question["body"], question["secret"], question["signature"]
    if signature is None:
        return str(
            stripe.WebhookSignature.generate_signature_header(body, secret, int(question["timestamp"]))
        )
    try:
        stripe.WebhookSignature.verify_header(body, signature, secret, tolerance=300)
    except stripe.SignatureVerificationError:
        return False
    return True


SCHEMES = {"slack": slack, "standardwebhooks": standard, "svix": of_svix, "stripe": of_stripe}

if __name__ == "__main__":
    for line in sys.stdin:
        answers = [SCHEMES[question["scheme"]](question) for question in json.loads(line)]
        print(json.dumps(answers), flush=True)
