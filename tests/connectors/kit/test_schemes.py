"""A scheme by its name: the sender's own way gets in, everything else is `Forged` and nothing but `Forged`."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from standardwebhooks import Webhook

from connectors.kit.webhooks.schemes import Scheme, SignatureScheme, Verifier
from connectors.kit.webhooks.signing import sign_hmac, sign_standard_webhook, sign_stripe
from incidents.errors import Forged

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BODY = b'{"ticket":{"id":81,"title":"Login fails"}}'
SECRET = b"a-secret-of-ours-that-is-long-enough"
STRANGER = b"a-secret-of-somebody-else-altogether"
ED25519 = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
CURVE = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)

Headers = dict[str, str]
Sign = Callable[[bytes, datetime], Headers]
RAW = serialization.Encoding.Raw, serialization.PublicFormat.Raw
PEM = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
DER = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo


def unix(time: datetime) -> str:
    return str(int(time.timestamp()))


def hmac_of(header: str, *, prefix: str = "", algorithm: Any = "sha256", encoding: Any = "hex") -> Sign:
    return lambda body, now: {
        header: sign_hmac(body, SECRET, prefix=prefix, algorithm=algorithm, encoding=encoding)
    }


def timed(
    header: str, stamp: str, form: str, *, prefix: str = "", encoding: Any = "hex", time: Any = unix
) -> Sign:
    def sign(body: bytes, now: datetime) -> Headers:
        signed = form.replace("T", time(now)).encode() + body
        return {
            header: sign_hmac(signed, SECRET, prefix=prefix, algorithm="sha256", encoding=encoding),
            stamp: time(now),
        }

    return sign


def standard(stem: str) -> Sign:
    return lambda body, now: {
        f"{stem}-id": "msg_1",
        f"{stem}-timestamp": unix(now),
        f"{stem}-signature": sign_standard_webhook(body, SECRET, id="msg_1", timestamp=unix(now)),
    }


def v1a(body: bytes, now: datetime) -> Headers:
    signed = f"msg_1.{unix(now)}.".encode() + body
    signature = "v1,bm8= v1a," + base64.b64encode(ED25519.sign(signed)).decode()
    return {"webhook-id": "msg_1", "webhook-timestamp": unix(now), "webhook-signature": signature}


def discord(body: bytes, now: datetime) -> Headers:
    signature = ED25519.sign(unix(now).encode() + body).hex()
    return {"X-Signature-Ed25519": signature, "X-Signature-Timestamp": unix(now)}


def sendgrid(body: bytes, now: datetime) -> Headers:
    signature = CURVE.sign(unix(now).encode() + body, ec.ECDSA(hashes.SHA256()))
    stem = "X-Twilio-Email-Event-Webhook"
    return {f"{stem}-Signature": base64.b64encode(signature).decode(), f"{stem}-Timestamp": unix(now)}


def token(key: Any, algorithm: str, **more: Any) -> Sign:
    def sign(body: bytes, now: datetime) -> Headers:
        claims = {
            "exp": int((now + timedelta(minutes=3)).timestamp()),
            "body": hashlib.sha256(body).hexdigest(),
            **more,
        }
        return {"Authorization": "Bearer " + jwt.encode(claims, key, algorithm=algorithm)}

    return sign


BASIC = "Basic " + base64.b64encode(SECRET).decode()
JWT = {"scheme": "jwt", "body_claim": "body"}
WAYS: dict[str, tuple[dict[str, Any], bytes, Sign]] = {
    "standard webhooks": ({}, SECRET, standard("webhook")),
    "Svix's names": ({}, SECRET, standard("svix")),
    "v1a": ({}, b"whpk_" + base64.b64encode(ED25519.public_key().public_bytes(*RAW)), v1a),
    "github": ({"scheme": "github"}, SECRET, hmac_of("X-Hub-Signature-256", prefix="sha256=")),
    "jira": ({"scheme": "jira"}, SECRET, hmac_of("X-Hub-Signature", prefix="sha256=")),
    "zammad": (
        {"scheme": "hub_sha1"}, SECRET, hmac_of("X-Hub-Signature", prefix="sha1=", algorithm="sha1"),
    ),
    "shopify": ({"scheme": "shopify"}, SECRET, hmac_of("X-Shopify-Hmac-Sha256", encoding="base64")),
    "helpscout": (
        {"scheme": "helpscout"}, SECRET, hmac_of("X-HelpScout-Signature", encoding="base64", algorithm="sha1"),
    ),
    "linear": ({"scheme": "linear"}, SECRET, hmac_of("Linear-Signature")),
    "by its parts": (
        {"scheme": "hmac", "header": "X-Sig", "prefix": "v1=", "algorithm": "sha512"},
        SECRET, hmac_of("X-Sig", prefix="v1=", algorithm="sha512"),
    ),
    "chatwoot": (
        {"scheme": "chatwoot"}, SECRET,
        timed("X-Chatwoot-Signature", "X-Chatwoot-Timestamp", "T.", prefix="sha256="),
    ),
    "front": (
        {"scheme": "front"}, SECRET,
        timed("X-Front-Signature", "X-Front-Request-Timestamp", "T:", encoding="base64",
              time=lambda now: unix(now) + "000"),
    ),
    "grafana": (
        {"scheme": "grafana"}, SECRET,
        timed("X-Grafana-Alerting-Signature", "X-Grafana-Alerting-Timestamp", "T:"),
    ),
    "slack": (
        {"scheme": "slack"}, SECRET,
        timed("X-Slack-Signature", "X-Slack-Request-Timestamp", "v0:T:", prefix="v0="),
    ),
    "zendesk": (
        {"scheme": "zendesk"}, SECRET,
        timed("X-Zendesk-Webhook-Signature", "X-Zendesk-Webhook-Signature-Timestamp", "T", encoding="base64",
              time=lambda now: now.strftime("%Y-%m-%dT%H:%M:%SZ")),
    ),
    "a time and its parts": (
        {"scheme": "timestamped_hmac", "header": "X-S", "timestamp_header": "X-T", "signed": "a|{timestamp}|{body}"},
        SECRET, timed("X-S", "X-T", "a|T|"),
    ),
    "stripe": (
        {"scheme": "stripe"}, SECRET,
        lambda body, now: {"Stripe-Signature": sign_stripe(body, SECRET, timestamp=unix(now))},
    ),
    "token": ({"scheme": "token"}, SECRET, lambda body, now: {"X-Gitlab-Token": SECRET.decode()}),
    "a token's own header": (
        {"scheme": "token", "header": "X-Desk"}, SECRET, lambda body, now: {"X-Desk": SECRET.decode()},
    ),
    "bearer": ({"scheme": "bearer"}, SECRET, lambda body, now: {"Authorization": f"bearer {SECRET.decode()}"}),
    "basic": ({"scheme": "basic"}, SECRET, lambda body, now: {"Authorization": BASIC}),
    "discord": ({"scheme": "ed25519"}, ED25519.public_key().public_bytes(*RAW).hex().encode(), discord),
    "sendgrid": ({"scheme": "ecdsa"}, base64.b64encode(CURVE.public_key().public_bytes(*DER)), sendgrid),
    "jwt HS256": (JWT, SECRET, token(SECRET, "HS256")),
    "jwt RS256": (JWT, RSA.public_key().public_bytes(*PEM), token(RSA, "RS256")),
    "jwt ES256": (JWT, CURVE.public_key().public_bytes(*PEM), token(CURVE, "ES256")),
    "jwt EdDSA": (JWT, ED25519.public_key().public_bytes(*PEM), token(ED25519, "EdDSA")),
}  # fmt: skip
STATIC = ("token", "a token's own header", "bearer", "basic")
SIGNED = [name for name in WAYS if name not in STATIC]
TIMED = [
    name
    for name, (given_, _, sign) in WAYS.items()
    if name in SIGNED
    and sign(BODY, NOW) != sign(BODY, NOW - timedelta(hours=1))
    and given_.get("scheme") != "jwt"
]
ways = pytest.mark.parametrize("way", WAYS)


def verifier(way: str) -> Verifier:
    given_, secret, _ = WAYS[way]
    return Verifier(SignatureScheme(**given_), [secret])


def headers_of(way: str, body: bytes = BODY, now: datetime = NOW) -> list[tuple[str, str]]:
    return list(WAYS[way][2](body, now).items())


@ways
def test_a_genuine_delivery_holds_and_leaves_no_credential_behind(way: str) -> None:
    """What is kept of its headers is no secret that a reader of the store could use."""
    proof = verifier(way).verify(headers_of(way), BODY, now=NOW)
    assert "authorization" not in dict(proof.headers)
    assert all(SECRET.decode() not in value for _, value in proof.headers)
    assert proof.sent_at == (NOW if way in TIMED else None)


def test_there_is_a_way_for_every_scheme() -> None:
    """A scheme that nobody tries is not proven."""
    assert {SignatureScheme(**given_).scheme for given_, _, _ in WAYS.values()} == set(Scheme)


@pytest.mark.parametrize("way", SIGNED)
def test_another_body_is_forged(way: str) -> None:
    """One byte more, one less, none at all."""
    for body in (BODY + b" ", BODY[:-1], b""):
        with pytest.raises(Forged):
            verifier(way).verify(headers_of(way), body, now=NOW)


@pytest.mark.parametrize("way", TIMED)
def test_an_old_delivery_is_told_by_its_time(way: str) -> None:
    """A genuine one, sent again too late or from the future."""
    for seconds in (-301, 301):
        with pytest.raises(Forged) as caught:
            verifier(way).verify(headers_of(way, now=NOW + timedelta(seconds=seconds)), BODY, now=NOW)
        assert caught.value.reason == "timestamp"


@ways
def test_each_header_is_needed_once_and_whole(way: str) -> None:
    """Missing, empty, cut, doubled or odd."""
    genuine = headers_of(way)
    for needed, value in genuine:
        others = [(name, text) for name, text in genuine if name != needed]
        for bad in ([], [""], [value[:-2]], [value, value], ["é"], ["\x00"], ["9" * 9000], ["t=nan,v1="]):
            with pytest.raises(Forged):
                verifier(way).verify([*others, *((needed, text) for text in bad)], BODY, now=NOW)


@ways
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_stranger_gets_nothing_but_forged(way: str, data: st.DataObject) -> None:
    """Any headers, any body."""
    names = st.sampled_from([name for name, _ in headers_of(way)])
    values = st.text(st.characters(exclude_categories=()), max_size=80)
    headers = data.draw(st.lists(st.tuples(names, values), max_size=5))
    with pytest.raises(Forged):
        verifier(way).verify(headers, data.draw(st.binary(max_size=50)), now=NOW)


@pytest.mark.parametrize(
    "secret", ["whsec_" + base64.b64encode(SECRET).decode(), base64.b64encode(SECRET).decode()]
)
def test_the_reference_librarys_signature_holds_with_and_without_its_prefix(secret: str) -> None:
    """It decodes every secret as base64, prefix or not."""
    signature = Webhook(secret).sign("msg_1", NOW, BODY.decode())
    headers = [("webhook-id", "msg_1"), ("webhook-timestamp", unix(NOW)), ("webhook-signature", signature)]
    Verifier(SignatureScheme(), [secret.encode()]).verify(headers, BODY, now=NOW)
    with pytest.raises(Forged):
        Verifier(SignatureScheme(), [STRANGER]).verify(headers, BODY, now=NOW)


def test_a_public_key_is_never_taken_for_a_shared_secret() -> None:
    """The old trick: a token signed HS256 with the public key that everybody knows."""
    public = RSA.public_key().public_bytes(*PEM)
    head = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "typ": "JWT"}).encode()).rstrip(b"=")
    claims = {"exp": int(NOW.timestamp()) + 60, "body": hashlib.sha256(BODY).hexdigest()}
    signed = head + b"." + base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=")
    mac = base64.urlsafe_b64decode(
        base64.urlsafe_b64encode(
            bytes.fromhex(sign_hmac(signed, public, prefix="", algorithm="sha256", encoding="hex"))
        )
    )
    forged = (signed + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()
    with pytest.raises(Forged):
        Verifier(SignatureScheme(**JWT), [public]).verify(
            [("Authorization", f"Bearer {forged}")], BODY, now=NOW
        )


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"exp": int(NOW.timestamp()) - 61}, "timestamp"),
        ({"nbf": int(NOW.timestamp()) + 61}, "timestamp"),
        ({"exp": None}, "signature"),
        ({"body": "0" * 64}, "signature"),
        ({"aud": "somebody else"}, "signature"),
        ({"iss": "somebody else"}, "signature"),
    ],
)
def test_a_token_is_good_for_its_time_its_reader_and_its_body_only(more: dict[str, Any], reason: str) -> None:
    """Run out, not yet valid, for ever, about another body, for others, by others."""
    claims = {
        key: value for key, value in {"aud": "liaison", "iss": "desk", **more}.items() if value is not None
    }
    sign = token(SECRET, "HS256", **claims)
    headers = sign(BODY, NOW)
    if more.get("exp", 0) is None:
        timeless = {"aud": "liaison", "iss": "desk", "body": hashlib.sha256(BODY).hexdigest()}
        headers = {"Authorization": "Bearer " + jwt.encode(timeless, SECRET, algorithm="HS256")}
    checker = Verifier(SignatureScheme(**JWT, audience="liaison", issuer="desk"), [SECRET])
    with pytest.raises(Forged) as caught:
        checker.verify(list(headers.items()), BODY, now=NOW)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        ({"scheme": "hmac"}, "needs the header"),
        ({"scheme": "timestamped_hmac", "header": "X-S"}, "timestamp_header"),
        ({"scheme": "hmac", "header": "X S"}, "no header's name"),
        ({"scheme": "slack", "signed": "{body}{timestamp}"}, "at its end"),
        ({"scheme": "githup"}, "scheme"),
    ],
)
def test_a_scheme_that_says_too_little_is_refused(given_: dict[str, Any], words: str) -> None:
    """With what is missing."""
    with pytest.raises(ValidationError, match=words):
        SignatureScheme(**given_)


@pytest.mark.parametrize(
    ("scheme", "secret", "words"),
    [
        ("ed25519", b"not-a-key-in-hex-at-all", "32 bytes in hex"),
        ("ecdsa", base64.b64encode(b"no key, only letters"), "elliptic curve"),
        ("jwt", b"short-for-a-token", "32 bytes"),
        ("jwt", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "in PEM"),
        ("standard_webhooks", b"whsec_%%%%%%%%%%%%%%%%", "not base64"),
        ("standard_webhooks", b"whpk_AAAA", "no Ed25519 key"),
    ],
)
def test_a_key_the_scheme_cannot_use_is_refused_with_the_cure(scheme: str, secret: bytes, words: str) -> None:
    """When the settings are read, not when a delivery comes."""
    with pytest.raises(ValueError, match=words):
        Verifier(SignatureScheme(scheme=scheme), [secret])
