"""Signatures of links that need no login, by a key of their own for each purpose, derived from the operator's: gateway,
worker and command line agree on it, and nobody else knows it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

SIGNATURE = "[A-Za-z0-9_-]{43}"
"""What a signature looks like, as a regular expression."""


def signature(operators_key: str, purpose: str, signed: str) -> str:
    """The signature of a text for a purpose; the same text signed for another one has another."""
    key = hmac.new(operators_key.encode(), purpose.encode(), hashlib.sha256).digest()
    made = hmac.new(key, signed.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def is_signed(operators_key: str, purpose: str, signed: str, given: str) -> bool:
    """Whether `given` is that signature; compared in constant time."""
    return hmac.compare_digest(signature(operators_key, purpose, signed).encode(), given.encode())
