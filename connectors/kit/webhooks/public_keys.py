"""Senders that sign with a private key: we hold only the public one, so nobody who reads our settings can sign.

Ed25519 (Discord, Standard Webhooks' `v1a`), ECDSA (SendGrid), JSON Web Tokens. Each returns, or raises `Forged`;
reasons, and the rule for an empty list of keys, are those of `connectors.kit.webhooks.signatures`. The curves and
the tokens are the libraries' work (`cryptography`, `PyJWT`); here is only what they leave open: which algorithm a
key may be used with is the key's to say, never the token's, and the clock is ours.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import jwt
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key

from incidents.errors import Forged

PEM = b"-----BEGIN"
ED25519_BYTES = 32
MIN_HMAC_KEY = 32
"""Bytes of a shared secret of a token's HS256 (RFC 7518, section 3.2)."""
MAX_TOKEN = 8192  # characters


def verify_ed25519(body: bytes, *, timestamp: str, signature: str, keys: Sequence[bytes]) -> None:
    """Discord: the time followed by the body, signed; signature and keys in hex.

    The time is only proven here, not judged. https://discord.com/developers/docs/interactions/overview
    """
    claimed = _decoded(signature, bytes.fromhex)
    _any(keys, lambda key: ed25519_key(key).verify(claimed, timestamp.encode() + body))


def verify_ecdsa(body: bytes, *, timestamp: str, signature: str, keys: Sequence[bytes]) -> None:
    """SendGrid (Twilio): the time followed by the body, ECDSA over SHA-256; signature and keys (DER) in base64.

    https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
    """
    claimed = _decoded(signature, _base64)
    _any(keys, lambda key: ecdsa_key(key).verify(claimed, timestamp.encode() + body, ECDSA(hashes.SHA256())))


def verify_v1a(signed: bytes, claimed: Sequence[str], key: bytes) -> bool:
    """Whether one of `v1a,base64` signatures of Standard Webhooks is this `whpk_` key's."""
    public = standard_public_key(key)
    for text in claimed:
        if not text.startswith("v1a,"):
            continue
        try:
            public.verify(_base64(text.removeprefix("v1a,")), signed)
        except (InvalidSignature, ValueError):
            continue
        return True
    return False


def verify_jwt(
    token: str | None,
    body: bytes,
    *,
    keys: Sequence[bytes],
    now: datetime,
    audience: str | None = None,
    issuer: str | None = None,
    body_claim: str | None = None,
    leeway: float = 60.0,
) -> None:
    """A JSON Web Token that has not run out; `body_claim` names the claim with the body's SHA-256 in hex.

    A token alone says nothing of the body: without `body_claim` it is worth what a static token is, for as long
    as it lives. `exp` is required. `leeway` is in seconds.
    """
    _require_keys(keys)
    if not token:
        raise Forged("missing", "token is missing")
    if len(token) > MAX_TOKEN or not token.isascii():
        raise Forged("header", "token is malformed")
    claims = next(filter(None, (_claims(token, key, audience, issuer) for key in keys)), None)
    if claims is None:
        raise Forged("signature", "token is not signed with a key of ours, or not meant for us")
    if body_claim is not None:
        said = claims.get(body_claim)
        expected = hashlib.sha256(body).hexdigest()
        if not isinstance(said, str) or not hmac.compare_digest(said.lower().encode(), expected.encode()):
            raise Forged("signature", "token is not about this body")
    expires, begins = _number(claims, "exp"), _number(claims, "nbf")
    moment = now.timestamp()
    if expires is None or expires + leeway < moment or (begins is not None and begins - leeway > moment):
        raise Forged("timestamp", "token has run out, or is not valid yet")


def ed25519_key(key: bytes) -> Ed25519PublicKey:
    """A key of 32 bytes in hex. Raises ValueError with the cure."""
    try:
        raw = bytes.fromhex(key.decode("ascii"))
    except ValueError:
        raw = b""
    if len(raw) != ED25519_BYTES:
        raise ValueError("the public key is not 32 bytes in hex; copy it again from the vendor's settings")
    return Ed25519PublicKey.from_public_bytes(raw)


def ecdsa_key(key: bytes) -> EllipticCurvePublicKey:
    """A DER key in base64. Raises ValueError with the cure."""
    try:
        found = load_der_public_key(_base64(key.decode("ascii")))
    except (ValueError, UnsupportedAlgorithm):
        found = None
    if isinstance(found, EllipticCurvePublicKey):
        return found
    raise ValueError("the public key is not an elliptic curve's in base64; copy it again from the vendor")


def standard_public_key(key: bytes) -> Ed25519PublicKey:
    """A `whpk_` key of Standard Webhooks. Raises ValueError with the cure."""
    try:
        return Ed25519PublicKey.from_public_bytes(_base64(key.removeprefix(b"whpk_").decode("ascii")))
    except ValueError:
        raise ValueError("the key starts with whpk_ but is no Ed25519 key; copy it again, whole") from None


def token_algorithms(key: bytes) -> list[str]:
    """What a token may be signed with under this key: never a public key as if it were a shared secret.

    Raises ValueError with the cure.
    """
    if not key.startswith(PEM):
        if len(key) < MIN_HMAC_KEY:
            raise ValueError(f"a token's secret needs {MIN_HMAC_KEY} bytes; make a longer one at the vendor")
        return ["HS256", "HS384", "HS512"]
    try:
        public = load_pem_public_key(key)
    except (ValueError, UnsupportedAlgorithm):
        public = None
    if isinstance(public, RSAPublicKey):
        return ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
    if isinstance(public, EllipticCurvePublicKey):
        return ["ES256", "ES384", "ES512"]
    if isinstance(public, Ed25519PublicKey):
        return ["EdDSA"]
    raise ValueError("the key is not a public key in PEM that tokens are signed for; copy it again, whole")


def _claims(token: str, key: bytes, audience: str | None, issuer: str | None) -> dict[str, Any] | None:
    """What a genuine token claims; None for any other."""
    try:
        found: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=token_algorithms(key),
            audience=audience,
            issuer=issuer,
            # Times are judged by the clock we are given, not the library's.
            options={
                "require": ["exp"],
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
                "verify_aud": audience is not None,
            },
        )
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        # A header or claim of an odd type makes the library stumble in more ways than its own errors.
        return None
    return found


def _number(claims: dict[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Forged("header", f"the token's {name} is no time")
    return float(value) if abs(value) < 1e12 else None


def _any(keys: Sequence[bytes], verify: Callable[[bytes], None]) -> None:
    _require_keys(keys)
    for key in keys:
        try:
            verify(key)
        except InvalidSignature:
            continue
        return
    raise Forged("signature", "signature does not match")


def _require_keys(keys: Sequence[bytes]) -> None:
    if not keys or not all(keys):
        raise ValueError("no key is configured; verification is never skipped")


def _decoded(text: str, decode: Callable[[str], bytes]) -> bytes:
    try:
        return decode(text)
    except ValueError as error:
        raise Forged("header", "signature header is malformed") from error


def _base64(text: str) -> bytes:
    """Raises ValueError."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
