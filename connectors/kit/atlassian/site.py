"""One site of Jira, Cloud or Data Center: where it is, as whom we come, and what its answers mean.

Cloud: https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/ (e-mail and API token by basic authentication;
tokens with scopes only by way of api.atlassian.com/ex/jira/{cloudId}). Limits: `.../rate-limiting/`, where
`RateLimit-Reason` says which. Data Center: a personal access token as bearer, REST v2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal, Self
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from connectors.kit.addresses import keeps_secrets
from connectors.kit.answers import VendorAnswer
from connectors.kit.auth.ways import BasicLogin, BearerToken
from connectors.kit.fields import any_text, record
from connectors.kit.http import VendorHttp
from connectors.kit.pacing import Pace
from connectors.kit.webhooks.signatures import usable_secret
from connectors.kit.webhooks.signing_secrets import SigningSecrets
from incidents.errors import Busy, LiaisonError, NotAllowed, NotFound, Refused, Unknown, Unreachable
from incidents.fan_out.budget import Limit

KEY = re.compile(r"[A-Z][A-Z0-9_]{1,30}-[1-9][0-9]{0,8}", re.ASCII)
"""An issue's key: keys go into paths. Projects of Data Center may have underscores and digits."""
GATEWAY = "api.atlassian.com"
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,60}", re.ASCII)
_REASON = re.compile(r"[a-z-]{1,60}", re.ASCII)


class Edition(StrEnum):
    """Which Jira it is: calls, texts and names of people differ."""

    CLOUD = "cloud"
    DATA_CENTER = "data_center"


class AtlassianSettings(BaseModel):
    """One site, reached as one dedicated user."""

    # Else a mistake in one secret would print all of them.
    model_config = ConfigDict(hide_input_in_errors=True)

    base_url: str = Field(
        description="Address of Jira, such as https://acme.atlassian.net; for a Cloud token with scopes"
        " https://api.atlassian.com/ex/jira/ and the site's cloud id."
    )
    site_url: str = Field(
        default="",
        description="Where people open Jira, if base_url is api.atlassian.com; empty: base_url.",
    )
    edition: Literal["", "cloud", "data_center"] = Field(
        default="",
        description="cloud or data_center; empty: cloud for addresses at atlassian.net and api.atlassian.com.",
    )
    email: str = Field(
        default="",
        description="E-mail address of the dedicated user whose API token it is; empty on Data Center.",
    )
    api_token: SecretStr = Field(
        description="API token of the dedicated user; on Data Center a personal access token."
    )
    signing_secrets: SigningSecrets = Field(
        default_factory=list,
        description="Secrets of the webhook; two while one replaces the other. Empty: no webhooks are taken.",
    )
    webhook_login: SecretStr = Field(
        default=SecretStr(""),
        description="user:password of the webhook, for a Data Center before 10 that cannot sign; then signatures"
        " are not looked at.",
    )
    requests_per_minute: float = Field(
        default=600,
        ge=1,
        description="All calls a minute; the vendor's own limits are by burst and by issue.",
    )

    @field_validator("base_url", "site_url")
    @classmethod
    def _require_safe_addresses(cls, url: str) -> str:
        # The token is on every request: it must not travel in clear.
        if url and not keeps_secrets(url):
            raise ValueError("an address of Jira must be https (plain http only for a Jira on this machine)")
        return url.rstrip("/")

    @field_validator("webhook_login")
    @classmethod
    def _refuse_a_weak_login(cls, login: SecretStr) -> SecretStr:
        if login.get_secret_value():
            usable_secret(login)
            if ":" not in login.get_secret_value():
                raise ValueError("webhook_login must be user:password")
        return login

    @model_validator(mode="after")
    def _require_what_belongs_together(self) -> Self:
        if urlsplit(self.base_url).hostname == GATEWAY and not self.site_url:
            raise ValueError("site_url is missing: the address where people open Jira")
        if self.webhook_login.get_secret_value() and self.kind is Edition.CLOUD:
            raise ValueError("webhook_login is for Data Center; Jira Cloud signs: use signing_secrets")
        if self.kind is Edition.DATA_CENTER and self.email:
            raise ValueError("email is for Cloud; on Data Center the personal access token says who we are")
        return self

    @property
    def kind(self) -> Edition:
        """As the operator says, or as the address tells."""
        if self.edition:
            return Edition(self.edition)
        host = urlsplit(self.base_url).hostname or ""
        is_cloud = host == GATEWAY or host.endswith((".atlassian.net", ".jira.com"))
        return Edition.CLOUD if is_cloud else Edition.DATA_CENTER

    @property
    def address(self) -> str:
        """Where people open Jira."""
        return self.site_url or self.base_url

    @property
    def secrets(self) -> list[bytes]:
        """The signing secrets as the verifier takes them."""
        return [usable_secret(secret) for secret in self.signing_secrets]


class AtlassianSite:
    """Calls on one site as our user. All raise `incidents.errors`."""

    def __init__(
        self,
        vendor: str,
        settings: AtlassianSettings,
        pace: Pace,
        transport: httpx.AsyncBaseTransport | None,
    ) -> None:
        self.vendor = vendor
        self.edition = settings.kind
        self.platform = f"/rest/api/{'3' if self.edition is Edition.CLOUD else '2'}"
        self._pace = pace
        self._own_id: str | None = None
        self._http = VendorHttp(
            vendor=vendor,
            base_url=settings.base_url,
            # Jira answers a login page to whoever looks like a browser, and guards writes of such against forgery.
            headers={"Accept": "application/json", "X-Atlassian-Token": "no-check"},
            auth=BasicLogin(settings.email, settings.api_token)
            if settings.email
            else BearerToken(settings.api_token),
            transport=transport,
            pace=self._pace,
            explain=_explain,
        )

    def limit(self) -> Limit:
        """How many calls are made, and how many more fit."""
        return self._pace.limit()

    async def user(self) -> dict[str, Any]:
        """Who we are. A token that is no more good reads as the public may, on some calls, so what was not found is
        believed only after this one. Raises `NotAllowed` for it.
        """
        user = await self.record(f"{self.platform}/myself")
        own_id = person_id(user)
        if not own_id:
            raise Unreachable(f"{self.vendor} GET myself: the answer names nobody")
        self._own_id = own_id
        return user

    async def own_id(self) -> str:
        """Our account's id, asked for once: it is the token's."""
        if self._own_id is None:
            await self.user()
        return self._own_id or ""

    @property
    def known_id(self) -> str:
        """Our account's id, or "" while nobody asked."""
        return self._own_id or ""

    async def record(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        """An answer's JSON object. `NotFound` is said only of what a user who is known does not find."""
        try:
            answer = await self._http.call("GET", path, params=params)
        except NotFound:
            if not path.endswith("/myself"):
                await self.user()
            raise
        if not isinstance(answer.data, dict):
            raise Unreachable(f"{self.vendor} GET {path}: the answer is not a JSON object")
        return answer.data

    async def entries(self, path: str, params: Mapping[str, str] | None = None) -> list[Any]:
        """An answer's JSON list."""
        answer = await self._http.call("GET", path, params=params)
        if not isinstance(answer.data, list):
            raise Unreachable(f"{self.vendor} GET {path}: the answer is not a list")
        return answer.data

    async def send(self, method: str, path: str, body: Any = None, *, is_repeatable: bool = False) -> Any:
        """A call that changes something, on one issue: 403 is that issue's where we are known otherwise."""
        try:
            return (await self._http.call(method, path, json=body, is_repeatable=is_repeatable)).data
        except _Forbidden as error:
            await self.user()
            raise Refused(
                f"{error}; our user is known and may not do this: look at the project's permissions, at the issue's"
                " security level, and whether the project is archived"
            ) from error

    async def after(self, written: str) -> str:
        """Our id after a write. Raises `Unknown` where it cannot be had."""
        try:
            return await self.own_id()
        except LiaisonError as error:
            raise Unknown(
                f"{self.vendor}: {written} was written and could not be read back: {error}"
            ) from error

    async def administer(self, method: str, path: str, body: Any = None, *, is_repeatable: bool) -> Any:
        """A call for administrators: 403 is what it says."""
        return (await self._http.call(method, path, json=body, is_repeatable=is_repeatable)).data

    async def aclose(self) -> None:
        """Close the client."""
        await self._http.aclose()


def person_id(user: object) -> str:
    """A person's id: `accountId` on Cloud, `key` on Data Center, where names change; "" for nobody."""
    known = record(user)
    return any_text(known.get("accountId")) or any_text(known.get("key")) or any_text(known.get("name"))


def key_from(value: object) -> str | None:
    """An issue's key, or None for what cannot be one."""
    return value if isinstance(value, str) and KEY.fullmatch(value) else None


def reset_seconds(value: str, *, now: datetime) -> float | None:
    """`X-RateLimit-Reset` as seconds from now: Cloud says a time without seconds (`2026-03-01T12:05Z`)."""
    try:
        at = datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        return None
    return (at - now).total_seconds() if at.tzinfo is not None else None


class _Forbidden(NotAllowed):
    """403: who we are is known, perhaps."""


def _explain(answer: VendorAnswer, what: str) -> None:
    if answer.status == 429 and "retry-after" not in answer.headers:
        left = reset_seconds(answer.headers.get("x-ratelimit-reset", ""), now=datetime.now(UTC))
        if left is not None:
            raise Busy(f"{what}: HTTP 429{_why(answer)}", retry_after=min(max(left, 1.0), 3600.0))
    if answer.status == 400:
        names = [name for name in record(record(answer.data).get("errors")) if _FIELD.fullmatch(name)]
        if names:
            raise Refused(
                f"{what}: HTTP 400: refused for its {', '.join(sorted(names)[:8])}: not on the screen, unknown to the"
                " project, or required and missing"
            )
    if answer.status == 401:
        raise NotAllowed(
            f"{what}: HTTP 401; the token is wrong, has ended or lacks a scope: make another one"
        )
    if answer.status == 403:
        raise _Forbidden(f"{what}: HTTP 403; our user, or its token's scopes, do not reach so far")


def _why(answer: VendorAnswer) -> str:
    reason = answer.headers.get("ratelimit-reason", "")
    return f" ({reason})" if _REASON.fullmatch(reason) else ""
