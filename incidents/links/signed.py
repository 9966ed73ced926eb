"""Signatures of links that need no login, by a key of their own for each purpose, derived from the operator's: gateway,
worker and command line agree on it, and nobody else knows it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

SIGNATURE = "[A-Za-z0-9_-]{43}"
"""What a signature looks like, as a regular expression."""


NEXT = "next:"
"""Stands before a key that everybody is to have before it writes anything."""


def keys_in(operators_key: str) -> tuple[str, ...]:
    """`LIAISON_KEY` may hold several, with commas between: the first writes and signs, all of them read."""
    marked = (key.strip() for key in operators_key.split(",") if key.strip())
    return tuple(key.removeprefix(NEXT).strip() for key in marked) or ("",)


def signature(operators_key: str, purpose: str, signed: str) -> str:
    """The signature of a text for a purpose; the same text signed for another one has another."""
    return _signature(keys_in(operators_key)[0], purpose, signed)


def is_signed(operators_key: str, purpose: str, signed: str, given: str) -> bool:
    """Whether `given` is that signature, by any of the keys; compared in constant time."""
    found = [
        hmac.compare_digest(_signature(key, purpose, signed).encode(), given.encode())
        for key in keys_in(operators_key)
    ]
    return any(found)


def _signature(one_key: str, purpose: str, signed: str) -> str:
    key = hmac.new(one_key.encode(), purpose.encode(), hashlib.sha256).digest()
    made = hmac.new(key, signed.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).decode().rstrip("=")
