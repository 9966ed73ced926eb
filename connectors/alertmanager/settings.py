"""What an operator says about one Alertmanager, or a server with its API (Mimir, Cortex, VictoriaMetrics' vmalert)."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from connectors.kit.addresses import keeps_secrets
from connectors.kit.auth.ways import BasicLogin, BearerToken
from connectors.kit.webhooks.signatures import usable_secret
from incidents.policy.words import listed

SERVICE = "{service}"

LabelValues = dict[str, Annotated[list[str], BeforeValidator(listed)]]
"""Labels an alert must have, each with the values of which any will do."""


class SilencePlan(BaseModel):
    """A silence that may be made: for how long. Whom it is for, the service's labels say."""

    model_config = ConfigDict(extra="forbid")

    minutes: int = Field(ge=1, le=7 * 24 * 60, description="How long the service's alerts are silenced.")


class AlertmanagerSettings(BaseModel):
    """One server, how it proves itself to us, and which of its alerts are about which service."""

    # Else a mistake in a secret would print it.
    model_config = ConfigDict(hide_input_in_errors=True)

    url: str = Field(
        description="The server's address, with its path prefix if it has one: http://alertmanager:9093."
    )
    signing_secrets: list[SecretStr] = Field(
        default_factory=list,
        description=(
            "What its webhooks show: the token of http_config.authorization, or user:password of basic_auth; two while"
            " one is replaced. Empty: no webhooks come."
        ),
    )
    webhook_auth: Literal["bearer", "basic"] = Field(
        default="bearer",
        description="How the webhook shows it: bearer (authorization) or basic (basic_auth).",
    )
    services: dict[str, LabelValues] = Field(
        default_factory=dict,
        description="For probes and silences: a service's alerts, by the service's name in the policy.",
    )
    default: LabelValues | None = Field(
        default_factory=lambda: {"service": [SERVICE]},
        description="The same for services that are not named, with {service} for the name.",
    )
    heartbeat: LabelValues | None = Field(
        default=None,
        description=(
            "Labels of an alert that always fires, such as alertname: Watchdog. Only with it does the probe say that a"
            " service is healthy: without, no alert may as well mean that nobody evaluates the rules."
        ),
    )
    heartbeat_max_age_seconds: float = Field(
        default=300, gt=0, description="How long ago the heartbeat may have been sent the last time."
    )
    silences: dict[str, SilencePlan] = Field(
        default_factory=dict, description="Silences that may be made, by the action's name in the policy."
    )
    bearer_token: SecretStr | None = Field(
        default=None, description="For its API: a token, where a proxy or the server asks for one."
    )
    username: str | None = Field(default=None, description="Or the user name of basic authentication.")
    password: SecretStr | None = Field(default=None, description="And its password.")
    public_url: str | None = Field(
        default=None, description="Where people open its pages, if that is another address than url."
    )
    timeout_seconds: float = Field(default=10, gt=0, le=60, description="How long one call may take.")

    @field_validator("url", "public_url")
    @classmethod
    def _is_an_address(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
            raise ValueError(
                f"{url!r} must be an address such as http://alertmanager:9093, without user and query"
            )
        return url.rstrip("/")

    @field_validator("services")
    @classmethod
    def _services_have_labels(cls, services: dict[str, LabelValues]) -> dict[str, LabelValues]:
        for labels in services.values():
            _require_labels(labels)
        return services

    @field_validator("default", "heartbeat")
    @classmethod
    def _has_labels(cls, labels: LabelValues | None) -> LabelValues | None:
        if labels is not None:
            _require_labels(labels)
        return labels

    @model_validator(mode="after")
    def _keeps_secrets(self) -> Self:
        for secret in self.signing_secrets:
            usable_secret(secret)
            if self.webhook_auth == "basic" and ":" not in secret.get_secret_value():
                raise ValueError("for webhook_auth basic each secret is user:password, as in basic_auth")
        if self.default is not None and not any(
            SERVICE in value for values in self.default.values() for value in values
        ):
            raise ValueError("default must have {service} in it, else every service has the same alerts")
        if self.bearer_token is not None and self.username is not None:
            raise ValueError("give either bearer_token or username and password")
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password belong together")
        if self.credentials is not None and not keeps_secrets(self.url):
            raise ValueError("a token or password travels over https only (or on this machine): change url")
        return self

    @property
    def credentials(self) -> BearerToken | BasicLogin | None:
        """How we prove who we are at its API, where it asks for it."""
        if self.bearer_token is not None:
            return BearerToken(self.bearer_token)
        return None if self.password is None else BasicLogin(self.username or "", self.password)

    def labels_of(self, service: str) -> LabelValues | None:
        """The labels of a service's alerts; None where the operator named none."""
        found = self.services.get(service, self.default)
        if found is None:
            return None
        return {name: [value.replace(SERVICE, service) for value in values] for name, values in found.items()}


def _require_labels(labels: LabelValues) -> None:
    if not labels or any(not values or not all(values) for values in labels.values()):
        raise ValueError("name at least one label with a value, such as {service: checkout}")
