"""What an operator says about one Prefect server, or one workspace of Prefect Cloud, and its deployments."""

from __future__ import annotations

import re
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from connectors.kit.addresses import keeps_secrets
from connectors.kit.auth.ways import BasicLogin, BearerToken

_DEPLOYMENT = re.compile(r"[^/%&<>\x00-\x1f]{1,200}/[^/%&<>\x00-\x1f]{1,200}")


class RemedyDeployment(BaseModel):
    """A deployment that is a remedy."""

    model_config = ConfigDict(extra="forbid")

    deployment: str = Field(description="Its full name, flow/deployment: restart-checkout/production.")
    parameters: dict[str, Any] = Field(
        default_factory=dict,
        description="Parameters of the flow, typed; the policy's arguments, which are texts, are laid over them.",
    )
    requires_ready: bool = Field(
        default=True,
        description="Start only while Prefect calls the deployment ready, as somebody polls for its runs.",
    )

    @field_validator("deployment")
    @classmethod
    def _is_a_full_name(cls, name: str) -> str:
        if _DEPLOYMENT.fullmatch(name) is None:
            raise ValueError(
                f"{name[:80]!r} is no deployment: write flow/deployment, as `prefect deployment ls` does"
            )
        return name


class PrefectSettings(BaseModel):
    """One API and the remedies behind it."""

    # Else a mistake in a name would print the key.
    model_config = ConfigDict(hide_input_in_errors=True)

    api_url: str = Field(
        description="The API's address: http://127.0.0.1:4200/api, or a workspace's at Prefect Cloud."
    )
    api_key: SecretStr | None = Field(default=None, description="API key, for Prefect Cloud.")
    auth_string: SecretStr | None = Field(
        default=None, description="Or user:password, for a server with PREFECT_SERVER_API_AUTH_STRING."
    )
    actions: dict[str, RemedyDeployment] = Field(
        min_length=1, description="The policy's actions, by their names there, and the deployment each runs."
    )

    @field_validator("api_url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
            raise ValueError(
                f"{url!r} must be an address such as http://127.0.0.1:4200/api, without user and query"
            )
        return url.rstrip("/")

    @model_validator(mode="after")
    def _keeps_secrets(self) -> Self:
        if self.api_key is not None and self.auth_string is not None:
            raise ValueError("give either api_key (Prefect Cloud) or auth_string (a server of your own)")
        if self.auth_string is not None and ":" not in self.auth_string.get_secret_value():
            raise ValueError("auth_string is user:password, as the server has it")
        if self.credentials is not None and not keeps_secrets(self.api_url):
            raise ValueError("credentials travel over https only (or on this machine): change api_url")
        return self

    @property
    def credentials(self) -> BearerToken | BasicLogin | None:
        """How we prove who we are, where the server asks for it."""
        if self.api_key is not None:
            return BearerToken(self.api_key)
        if self.auth_string is None:
            return None
        user, _, password = self.auth_string.get_secret_value().partition(":")
        return BasicLogin(user, SecretStr(password))
