"""What an operator says about one Alerta server: how we prove ourselves to each other, and whose alerts are whose."""

from __future__ import annotations

from typing import Annotated, Self
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
from connectors.kit.auth.ways import BearerToken
from connectors.kit.webhooks.signatures import usable_secret
from incidents.policy.words import listed

SERVICE = "{service}"

AlertaLabels = dict[str, Annotated[list[str], BeforeValidator(listed)]]
"""Labels an alert must have, each with the values of which any will do."""


class AlertaSettings(BaseModel):
    """One server and its API, `http://alerta:8080/api`."""

    # Else a mistake in a secret would print it.
    model_config = ConfigDict(hide_input_in_errors=True)

    url: str = Field(description="The API's address, with its path: http://alerta.internal:8080/api.")
    api_key: SecretStr | None = Field(
        default=None, description="An API key with the scopes read:alerts and read:heartbeats."
    )
    signing_secrets: list[SecretStr] = Field(
        default_factory=list,
        description="The token that our plugin in the server shows; two while one is replaced. Empty: nothing is sent.",
    )
    services: dict[str, AlertaLabels] = Field(
        default_factory=dict,
        description="For probes: a service's alerts, by the service's name in the policy.",
    )
    default: AlertaLabels | None = Field(
        default_factory=lambda: {"service": [SERVICE]},
        description="The same for services that are not named, with {service} for the name.",
    )
    heartbeat: str | None = Field(
        default=None,
        description=(
            "The origin of a heartbeat of the monitor behind Alerta. Only with it does the probe say that a service is"
            " healthy: without, no alert may as well mean that nobody sends any."
        ),
    )
    public_url: str | None = Field(
        default=None, description="Where people open its console, such as https://alerta.example."
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
                f"{url!r} must be an address such as http://alerta:8080/api, without user and query"
            )
        return url.rstrip("/")

    @model_validator(mode="after")
    def _can_be_meant(self) -> Self:
        for secret in self.signing_secrets:
            usable_secret(secret)
        groups = [*self.services.values(), *([self.default] if self.default is not None else [])]
        if any(
            not labels or not all(all(values) and values for values in labels.values()) for labels in groups
        ):
            raise ValueError("name at least one label with a value, such as {service: checkout}")
        if self.default is not None and not any(
            SERVICE in value for values in self.default.values() for value in values
        ):
            raise ValueError("default must have {service} in it, else every service has the same alerts")
        if self.credentials is not None and not keeps_secrets(self.url):
            raise ValueError("an API key travels over https only (or on this machine): change url")
        return self

    @property
    def credentials(self) -> BearerToken | None:
        """How we prove who we are at its API, where it asks for it."""
        return None if self.api_key is None else BearerToken(self.api_key, before="Key ")

    def labels_of(self, service: str) -> AlertaLabels | None:
        """The labels of a service's alerts; None where the operator named none."""
        found = self.services.get(service, self.default)
        if found is None:
            return None
        return {name: [value.replace(SERVICE, service) for value in values] for name, values in found.items()}
