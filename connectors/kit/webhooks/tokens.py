"""Senders that sign nothing: a token, a password or an address they must know. Return, or raise `Forged`.

Such a delivery has no integrity and no protection against replays: treat it as a hint and read the object
back from its source. Reasons, and the rule for an empty list of secrets, are those of
`connectors.kit.webhooks.signatures`.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from xml.etree import ElementTree

from incidents.errors import Forged

MAX_TOKEN = 4096  # characters


def verify_token(token: str | None, secrets: Sequence[bytes]) -> None:
    """A secret header (GitLab's `X-Gitlab-Token`, Opsgenie, Prefect) or the last part of a secret path."""
    if not secrets or not all(secrets):
        raise ValueError("no token is configured; verification is never skipped")
    if not token:
        raise Forged("missing", "token is missing")
    if len(token) > MAX_TOKEN or not token.isascii():
        raise Forged("header", "token is malformed")
    if not any(hmac.compare_digest(token.encode(), secret) for secret in secrets):
        raise Forged("signature", "token does not match")


def verify_bearer(authorization: str | None, secrets: Sequence[bytes]) -> None:
    """`Authorization: Bearer token` (Alertmanager, ServiceNow)."""
    verify_token(credentials(authorization, "bearer"), secrets)


def verify_basic(authorization: str | None, secrets: Sequence[bytes]) -> None:
    """`Authorization: Basic ...` (Freshdesk); each secret is `user:password`."""
    verify_token(credentials(authorization, "basic"), [base64.b64encode(secret) for secret in secrets])


def require_organization(body: bytes, organization: str) -> None:
    """Salesforce's outbound message: its OrganizationId is the one configured, exactly once.

    An identifier is no secret: without a client certificate or a secret path in front, anybody can forge it.
    A DOCTYPE is refused before any XML is parsed, and with it every entity trick; so is what is not UTF-8,
    where a DOCTYPE could hide.
    """
    try:
        text = body.decode("utf-8")
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise Forged("body", "document declares a type")
        root = ElementTree.fromstring(text)  # noqa: S314  without a DOCTYPE there are no entities to expand
    except (ValueError, LookupError, ElementTree.ParseError, RecursionError) as error:
        raise Forged("body", "not an XML document") from error
    named = [element.text for element in root.iter("{http://soap.sforce.com/2005/09/outbound}OrganizationId")]
    if named != [organization]:
        raise Forged("signature", "message is from another organization")


def credentials(authorization: str | None, scheme: str) -> str | None:
    """What follows the scheme's word, which is case-insensitive (RFC 9110); None behind another word."""
    word, _, rest = (authorization or "").partition(" ")
    return rest.strip() if word.lower() == scheme else None
