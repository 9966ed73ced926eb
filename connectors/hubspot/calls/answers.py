"""What HubSpot's refusals mean: which limit it is, which scope is missing, and what is locked for a moment.

https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines,
https://developers.hubspot.com/docs/api-reference/error-handling
"""

from __future__ import annotations

from datetime import UTC, datetime

from connectors.kit.answers import VendorAnswer, retry_after_seconds
from connectors.kit.fields import items, record, records, text
from incidents.errors import Busy, NotAllowed

SCOPES = (
    "tickets",
    "crm.objects.contacts.read",
    "crm.objects.contacts.write",
    "conversations.read",
    "conversations.write",
)
"""What the app must have been given."""
_WAITS = {"SECONDLY": 1.0, "TEN_SECONDLY_ROLLING": 10.0, "DAILY": 3600.0}


def explain(answer: VendorAnswer, what: str) -> None:
    """Raises `Busy` and `NotAllowed`; what is neither is the kit's to tell."""
    data, now = record(answer.data), datetime.now(UTC)
    if answer.status == 429:
        policy = next((one for one in _WAITS if one == data.get("policyName")), None)
        wait = retry_after_seconds(
            answer.headers.get("retry-after"), now=now, default=_WAITS.get(policy or "", 10.0)
        )
        raise Busy(f"{what}: HTTP 429{f', the limit {policy}' if policy else ''}", retry_after=wait)
    if answer.status in (423, 477):
        wait = retry_after_seconds(answer.headers.get("retry-after"), now=now, default=2.0)
        raise Busy(f"{what}: HTTP {answer.status}, locked for the moment", retry_after=wait)
    if answer.status == 403 and data.get("category") == "MISSING_SCOPES":
        told = [record(one.get("context")) for one in records(data.get("errors"))]
        named = {text(scope) for one in told for scope in items(one.get("requiredGranularScopes"))}
        # Only those that we know: what an answer says is not quoted.
        missing = ", ".join(one for one in SCOPES if one in named) or "one that it does not name"
        raise NotAllowed(f"{what}: HTTP 403; give the app the scope {missing}, and install it again")
