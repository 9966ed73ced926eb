"""Logging in at mail servers by an access token in place of a password: SASL XOAUTH2, as Google and Microsoft want it.

https://developers.google.com/workspace/gmail/imap/xoauth2-protocol. The token is bought by the kit's grants, and bought
anew once where the server refuses it before its time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from connectors.kit.auth.grants import ClientCredentials, JwtAssertion, RefreshToken, TokenRequest
from connectors.kit.auth.tokens import AccessTokens
from connectors.kit.http import VendorHttp
from incidents.errors import NotAllowed

_Answer = TypeVar("_Answer")


class OAuthLogin(BaseModel):
    """How access tokens for a mailbox are bought: with a refresh token of its user, by the client on its own, or by a
    service account that may act for the mailbox (https://developers.google.com/identity/protocols/oauth2/service-account).
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    token_url: str = Field(
        description="Where tokens are given: https://oauth2.googleapis.com/token,"
        " https://login.microsoftonline.com/TENANT/oauth2/v2.0/token."
    )
    client_id: str = Field(
        min_length=1,
        description="The client that was registered with the provider; a service account's client_email.",
    )
    client_secret: SecretStr = Field(
        default=SecretStr(""), description="Its secret; empty for a client that has none."
    )
    refresh_token: SecretStr = Field(
        default=SecretStr(""),
        description="What the mailbox' user once allowed; empty where the client may log in on its own.",
    )
    private_key: SecretStr = Field(
        default=SecretStr(""),
        description="A Google service account's key (PEM), in place of client_secret and refresh_token.",
    )
    subject: str = Field(
        default="", description="For whom the service account acts: the mailbox' address in Google Workspace."
    )
    scope: str = Field(
        default="",
        description="What for: https://mail.google.com/ or https://outlook.office365.com/.default.",
    )

    @model_validator(mode="after")
    def _require_a_grant(self) -> Self:
        others = self.refresh_token.get_secret_value() or self.client_secret.get_secret_value()
        if self.private_key.get_secret_value():
            if others:
                raise ValueError("oauth has a private_key, or a client_secret and a refresh_token, not both")
            if not self.subject:
                raise ValueError("oauth needs a subject: the mailbox that the service account acts for")
        elif not others:
            raise ValueError("oauth needs a refresh_token, a client_secret, or a private_key")
        self.grant()
        return self

    def grant(self) -> ClientCredentials | JwtAssertion | RefreshToken:
        """What buys the tokens."""
        if self.private_key.get_secret_value():
            return JwtAssertion(
                token_url=self.token_url,
                issuer=self.client_id,
                audience=self.token_url,
                private_key=self.private_key,
                subject=self.subject,
                scope=self.scope,
                scope_in_claims=True,
            )
        if self.refresh_token.get_secret_value():
            return RefreshToken(
                token_url=self.token_url,
                client_id=self.client_id,
                client_secret=self.client_secret,
                refresh_token=self.refresh_token,
                scope=self.scope,
            )
        return ClientCredentials(
            token_url=self.token_url,
            client_id=self.client_id,
            client_secret=self.client_secret,
            scope=self.scope,
            secret_in_form=True,
        )


class MailTokens:
    """The tokens of one mailbox; none where `login` is None, and a password is used."""

    def __init__(self, login: OAuthLogin | None) -> None:
        self._tokens = None if login is None else AccessTokens(login.grant(), _ask_for(login), vendor="mail")

    async def log_in(self, attempt: Callable[[str | None], Awaitable[_Answer]]) -> _Answer:
        """What `attempt` returns with the token that is valid now, or with None for a password. A token that is refused
        is replaced once."""
        if self._tokens is None:
            return await attempt(None)
        token = await self._tokens.current()
        try:
            return await attempt(token.proof.token.get_secret_value())
        except NotAllowed:
            token = await self._tokens.other_than(token)
            return await attempt(token.proof.token.get_secret_value())


def _ask_for(login: OAuthLogin) -> Callable[[TokenRequest], Awaitable[Any]]:
    async def ask(request: TokenRequest) -> Any:
        # Once an hour: a client of its own each time leaves nothing open.
        http = VendorHttp(vendor="mail", base_url=login.token_url, attempts=1)
        try:
            answer = await http.call(
                "POST", login.token_url, form=request.form, headers=request.headers, is_repeatable=True
            )
        finally:
            await http.aclose()
        return answer.data

    return ask
