"""How a sender proves itself, named by the operator: one word for the well-known, its parts for the others.

    standard_webhooks   Standard Webhooks and Svix: `webhook-*` or `svix-*`, `v1` and (with a whpk_ key) `v1a`
    github  jira        X-Hub-Signature-256, X-Hub-Signature: sha256=hex of the body
    hub_sha1            X-Hub-Signature: sha1=hex of the body (Zammad, Intercom)
    shopify             X-Shopify-Hmac-Sha256: base64 of the body
    helpscout           X-HelpScout-Signature: base64 of the body, SHA-1
    linear              Linear-Signature: hex of the body; the time in the body is its reader's to look at
    hmac                any header, prefix, algorithm and encoding, over the body
    chatwoot front grafana slack zendesk    over a time and the body, each in its own header
    timestamped_hmac    any headers and parts, over a time and the body
    stripe              Stripe-Signature: t=,v1=
    token               a secret header (GitLab, Freshdesk and whoever can send one of their own)
    bearer  basic       Authorization (Alertmanager, Grafana, Freshdesk)
    ed25519  ecdsa      Discord; SendGrid: `signing_secrets` are public keys
    jwt                 Authorization: Bearer, a JSON Web Token

What a token, bearer or basic sender sends has no integrity and no protection against replays; say so to whoever
has a choice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, Field, model_validator

from connectors.kit.webhooks import public_keys, tokens
from connectors.kit.webhooks.signatures import (
    one_header,
    require_fresh,
    shown_header,
    time_in,
    verify_hmac,
    verify_standard_webhook,
    verify_stripe,
)
from connectors.kit.webhooks.signing import Algorithm, Encoding, TimeForm, standard_webhook_keys

Headers = Sequence[tuple[str, str]]
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_SIGNED = re.compile(r"(?P<before>[^{}\s]*)\{timestamp\}(?P<between>[^{}\s]*)\{body\}")


class Scheme(StrEnum):
    """How a webhook is proven: by which headers, over which bytes, with which digest. Named for who signs so."""

    STANDARD_WEBHOOKS = "standard_webhooks"
    GITHUB = "github"
    JIRA = "jira"
    HUB_SHA1 = "hub_sha1"
    SHOPIFY = "shopify"
    HELPSCOUT = "helpscout"
    LINEAR = "linear"
    HMAC = "hmac"
    CHATWOOT = "chatwoot"
    FRONT = "front"
    GRAFANA = "grafana"
    SLACK = "slack"
    ZENDESK = "zendesk"
    TIMESTAMPED_HMAC = "timestamped_hmac"
    STRIPE = "stripe"
    TOKEN = "token"  # noqa: S105  a scheme's name
    BEARER = "bearer"
    BASIC = "basic"
    ED25519 = "ed25519"
    ECDSA = "ecdsa"
    JWT = "jwt"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Form:
    """What a scheme's sender does. An empty `timestamp` header means that no time is signed."""

    header: str = ""
    timestamp: str = ""
    prefix: str = ""
    algorithm: Algorithm = "sha256"
    encoding: Encoding = "hex"
    signed: str = "{timestamp}.{body}"
    time: TimeForm = "seconds"


_FORMS: dict[Scheme, _Form] = {
    Scheme.GITHUB: _Form(header="X-Hub-Signature-256", prefix="sha256="),
    Scheme.JIRA: _Form(header="X-Hub-Signature", prefix="sha256="),
    Scheme.HUB_SHA1: _Form(header="X-Hub-Signature", prefix="sha1=", algorithm="sha1"),
    Scheme.SHOPIFY: _Form(header="X-Shopify-Hmac-Sha256", encoding="base64"),
    Scheme.HELPSCOUT: _Form(header="X-HelpScout-Signature", encoding="base64", algorithm="sha1"),
    Scheme.LINEAR: _Form(header="Linear-Signature"),
    Scheme.CHATWOOT: _Form(header="X-Chatwoot-Signature", timestamp="X-Chatwoot-Timestamp", prefix="sha256="),
    Scheme.FRONT: _Form(
        header="X-Front-Signature",
        timestamp="X-Front-Request-Timestamp",
        encoding="base64",
        signed="{timestamp}:{body}",
        time="milliseconds",
    ),
    # The second header's name is the operator's to choose; Grafana's documentation proposes this one.
    Scheme.GRAFANA: _Form(
        header="X-Grafana-Alerting-Signature",
        timestamp="X-Grafana-Alerting-Timestamp",
        signed="{timestamp}:{body}",
    ),
    Scheme.SLACK: _Form(
        header="X-Slack-Signature",
        timestamp="X-Slack-Request-Timestamp",
        prefix="v0=",
        signed="v0:{timestamp}:{body}",
    ),
    Scheme.ZENDESK: _Form(
        header="X-Zendesk-Webhook-Signature",
        timestamp="X-Zendesk-Webhook-Signature-Timestamp",
        encoding="base64",
        signed="{timestamp}{body}",
        time="iso",
    ),
    Scheme.STRIPE: _Form(header="Stripe-Signature"),
    Scheme.TOKEN: _Form(header="X-Gitlab-Token"),
    Scheme.BEARER: _Form(header="Authorization"),
    Scheme.BASIC: _Form(header="Authorization"),
    Scheme.ED25519: _Form(header="X-Signature-Ed25519", timestamp="X-Signature-Timestamp"),
    Scheme.ECDSA: _Form(
        header="X-Twilio-Email-Event-Webhook-Signature",
        timestamp="X-Twilio-Email-Event-Webhook-Timestamp",
    ),
    Scheme.JWT: _Form(header="Authorization"),
}
_BY_PARTS = {Scheme.HMAC, Scheme.TIMESTAMPED_HMAC}
_CREDENTIALS = {Scheme.TOKEN, Scheme.BEARER, Scheme.BASIC, Scheme.JWT}


class SignatureScheme(BaseModel):
    """The sender's scheme. Everything but the name has the scheme's own value when it is left out."""

    scheme: Scheme = Field(
        default=Scheme.STANDARD_WEBHOOKS, description="How the sender proves itself, such as github or token."
    )
    header: str | None = Field(default=None, description="The header with the signature or the token.")
    timestamp_header: str | None = Field(default=None, description="The header with the signed time.")
    prefix: str | None = Field(default=None, description="What stands before the signature, such as sha256=.")
    algorithm: Algorithm | None = Field(default=None, description="sha1, sha256 or sha512.")
    encoding: Encoding | None = Field(default=None, description="hex or base64.")
    signed: str | None = Field(
        default=None, description="What is signed, such as {timestamp}.{body}; with the body at its end."
    )
    time: TimeForm | None = Field(default=None, description="The time's form: seconds, milliseconds or iso.")
    tolerance: float = Field(
        default=300.0, gt=0, le=3600, description="Seconds by which the sender's clock may differ from ours."
    )
    audience: str | None = Field(default=None, description="Whom a JSON Web Token must be meant for (aud).")
    issuer: str | None = Field(default=None, description="Who must have issued a JSON Web Token (iss).")
    body_claim: str | None = Field(
        default=None, description="The claim with the body's SHA-256 in hex, if tokens carry it."
    )

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.scheme in _BY_PARTS and self.header is None:
            raise ValueError(f"the scheme {self.scheme} needs the header that carries the signature")
        if self.scheme is Scheme.TIMESTAMPED_HMAC and self.timestamp_header is None:
            raise ValueError("the scheme timestamped_hmac needs the timestamp_header that carries the time")
        for name in (self.header, self.timestamp_header):
            if name is not None and _HEADER_NAME.fullmatch(name) is None:
                raise ValueError(f"{name[:40]!r} is no header's name")
        if self.signed is not None and _SIGNED.fullmatch(self.signed) is None:
            raise ValueError("signed must have {timestamp} and, at its end, {body}: {timestamp}.{body}")
        return self

    @property
    def form(self) -> _Form:
        """The scheme's parts, with the operator's in place of them."""
        form = _FORMS.get(self.scheme, _Form())
        return _Form(
            header=self.header or form.header,
            timestamp=self.timestamp_header or form.timestamp,
            prefix=form.prefix if self.prefix is None else self.prefix,
            algorithm=self.algorithm or form.algorithm,
            encoding=self.encoding or form.encoding,
            signed=self.signed or form.signed,
            time=self.time or form.time,
        )

    def check_secret(self, secret: bytes) -> None:
        """Raises ValueError, with the cure and without the secret, for one this scheme cannot work with."""
        checks: dict[Scheme, Callable[[bytes], object]] = {
            Scheme.STANDARD_WEBHOOKS: _standard_keys,
            Scheme.ED25519: public_keys.ed25519_key,
            Scheme.ECDSA: public_keys.ecdsa_key,
            Scheme.JWT: public_keys.token_algorithms,
        }
        checks.get(self.scheme, bytes)(secret)


def _standard_keys(secret: bytes) -> object:
    is_public = secret.startswith(b"whpk_")
    return public_keys.standard_public_key(secret) if is_public else standard_webhook_keys(secret)


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """What the proof itself told: the signed time and id, where there are any, and the headers worth keeping.

    `headers` never hold a credential: what is in the inbox can be read by whoever reads the store.
    """

    sent_at: datetime | None = None
    id: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


class Verifier:
    """Checks one connection's deliveries on their raw bytes."""

    def __init__(self, scheme: SignatureScheme, secrets: Sequence[bytes]) -> None:
        """Raises ValueError for secrets that the scheme cannot work with."""
        for secret in secrets:
            scheme.check_secret(secret)
        self._scheme = scheme
        self._form = scheme.form
        self._secrets = tuple(secrets)

    def verify(self, headers: Headers, body: bytes, *, now: datetime) -> Proof:
        """Raises `Forged`, and nothing else whatever headers and body hold."""
        scheme = self._scheme.scheme
        if scheme is Scheme.STANDARD_WEBHOOKS:
            return self._standard(headers, body, now)
        header = one_header(headers, self._form.header)
        if scheme in _CREDENTIALS:
            self._credential(header, body, now)
            return Proof()
        if scheme is Scheme.STRIPE:
            sent_at = verify_stripe(body, header, self._secrets, now=now, tolerance=self._scheme.tolerance)
            return Proof(sent_at=sent_at, headers=self._kept(header))
        if not self._form.timestamp:
            verify_hmac(
                body,
                header,
                self._secrets,
                prefix=self._form.prefix,
                algorithm=self._form.algorithm,
                encoding=self._form.encoding,
            )
            return Proof(headers=self._kept(header))
        return self._timestamped(header, headers, body, now)

    def _credential(self, header: str | None, body: bytes, now: datetime) -> None:
        match self._scheme.scheme:
            case Scheme.BEARER:
                tokens.verify_bearer(header, self._secrets)
            case Scheme.BASIC:
                tokens.verify_basic(header, self._secrets)
            case Scheme.JWT:
                public_keys.verify_jwt(
                    tokens.credentials(header, "bearer"),
                    body,
                    keys=self._secrets,
                    now=now,
                    audience=self._scheme.audience,
                    issuer=self._scheme.issuer,
                    body_claim=self._scheme.body_claim,
                )
            case _:
                tokens.verify_token(header, self._secrets)

    def _timestamped(self, header: str | None, headers: Headers, body: bytes, now: datetime) -> Proof:
        form = self._form
        stamp = shown_header(one_header(headers, form.timestamp))
        sent_at = time_in(stamp, form.time)
        if self._scheme.scheme is Scheme.ED25519:
            public_keys.verify_ed25519(
                body, timestamp=stamp, signature=shown_header(header), keys=self._secrets
            )
        elif self._scheme.scheme is Scheme.ECDSA:
            public_keys.verify_ecdsa(
                body, timestamp=stamp, signature=shown_header(header), keys=self._secrets
            )
        else:
            parts = _SIGNED.fullmatch(form.signed)
            if parts is None:
                raise ValueError(f"{form.signed!r} does not say what is signed")
            before = f"{parts['before']}{stamp}{parts['between']}".encode()
            verify_hmac(
                before + body,
                header,
                self._secrets,
                prefix=form.prefix,
                algorithm=form.algorithm,
                encoding=form.encoding,
            )
        require_fresh(sent_at, now, self._scheme.tolerance)
        return Proof(sent_at=sent_at, headers=(*self._kept(header), (form.timestamp.lower(), stamp)))

    def _standard(self, headers: Headers, body: bytes, now: datetime) -> Proof:
        """Svix's own names count when the standard's are not there at all."""
        names = {name.lower() for name, _ in headers}
        stem = "svix" if "webhook-id" not in names and "svix-id" in names else "webhook"
        kept = tuple(
            (f"{stem}-{part}", value)
            for part in ("id", "timestamp", "signature")
            if (value := one_header(headers, f"{stem}-{part}")) is not None
        )
        found = dict(kept)
        message_id, stamp = found.get(f"{stem}-id"), found.get(f"{stem}-timestamp")
        verify_standard_webhook(
            body,
            id=message_id,
            timestamp=stamp,
            signature=found.get(f"{stem}-signature"),
            secrets=self._secrets,
            now=now,
            tolerance=self._scheme.tolerance,
        )
        return Proof(sent_at=time_in(shown_header(stamp), "seconds"), id=message_id, headers=kept)

    def _kept(self, header: str | None) -> tuple[tuple[str, str], ...]:
        return () if header is None else ((self._form.header.lower(), header),)
