"""Signing secrets: those that protect nothing are refused with a cure, and are never repeated in it."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from connectors.kit.webhooks import signatures as sig


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("short", "under 16"),
        ("a-secret-of-decent-length\n", "blanks"),
        ("\ud800" * 16, "not text"),
        ("dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==", "published"),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "published"),
    ],
)
def test_unusable_secret(secret, why):
    """A secret that protects nothing is refused with the reason, and is not repeated in it."""
    with pytest.raises(ValueError, match=why) as caught:
        sig.usable_secret(SecretStr(secret))
    assert not secret.strip() or secret.strip() not in str(caught.value)


def test_usable_secret_is_kept_verbatim():
    """No decoding, no trimming: what the vendor shows is what is signed with."""
    assert sig.usable_secret("a-secret-of-decent-length") == b"a-secret-of-decent-length"
