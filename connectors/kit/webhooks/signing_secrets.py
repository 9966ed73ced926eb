"""Which signing secrets protect anything: those that do not are refused when settings are read."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, SecretStr

MIN_BYTES = 16

# Printed in vendors' documentation or tests: whoever reads those can sign with them.
PUBLISHED = frozenset(
    {
        "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==",  # Zendesk's "this_secret_is_for_testing_only"
        "8f742231b10e8888abcd99yyyzzz85a5",  # Slack's documentation
        "It's a Secret to Everybody",  # GitHub's and Atlassian's documentation
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",  # Standard Webhooks' and Svix's tests
        "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",  # Standard Webhooks' README
        "whsec_dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3Q=",  # GitLab's merge request
        "lDQHScfUeXUKaQRNF+8XIiDKZ7XX3itBAYzwU0TARw8lJqRnkKl2iB1anSb0Z+IK",  # PagerDuty's Go client's tests
        "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy",  # HubSpot's documentation and its clients' tests
        "+ZaRRMC8+mpnfGaGsBOmkIFt98bttL5YQRq3p2tXgcE=",  # Microsoft Teams' sample
    }
)


def usable_secret(secret: SecretStr | str) -> bytes:
    """The secret's bytes, exactly as configured.

    Raises ValueError, with the cure and without the secret, for one that protects nothing: empty, under 16
    bytes, with blanks copied along, or a vendor's published example.
    """
    text = secret.get_secret_value() if isinstance(secret, SecretStr) else secret
    if not text.strip():
        raise ValueError("the signing secret is empty; copy it from the vendor's webhook settings")
    if text != text.strip():
        raise ValueError("the signing secret has blanks around it; copy it again without them")
    if text in PUBLISHED:
        raise ValueError("the signing secret is a published example; make a new one at the vendor")
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        # Not chained: the original error carries the secret.
        raise ValueError("the signing secret is not text; copy it again") from None
    if len(raw) < MIN_BYTES:
        raise ValueError(f"the signing secret is under {MIN_BYTES} bytes; make a longer one at the vendor")
    return raw


def _all_usable(secrets: list[SecretStr]) -> list[SecretStr]:
    for secret in secrets:
        usable_secret(secret)
    return secrets


SigningSecrets = Annotated[list[SecretStr], AfterValidator(_all_usable)]
"""A field of settings: each of them protects something."""
