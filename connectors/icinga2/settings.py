"""What an operator says about one Icinga 2, and which of its objects are about which service."""

from __future__ import annotations

import re
import ssl
from enum import StrEnum
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
from incidents.policy.words import listed

SERVICE = "{service}"
_NAME = re.compile(r"[^!]{1,250}(![^!]{1,250})?")

ObjectNames = Annotated[list[str], BeforeValidator(listed)]
"""Icinga's own names: `web` for a host, `web!http` for a service on it."""


class IcingaVerb(StrEnum):
    """What may be done to the objects of a service."""

    ACKNOWLEDGE = "acknowledge"
    DOWNTIME = "downtime"


class IcingaAction(BaseModel):
    """Something that may be done at Icinga, by an action of the policy."""

    model_config = ConfigDict(extra="forbid")

    do: IcingaVerb = Field(description="acknowledge or downtime.")
    minutes: int | None = Field(
        default=None,
        ge=1,
        le=7 * 24 * 60,
        description="How long it holds; an acknowledgement without an end holds until the service is OK.",
    )

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if self.do is IcingaVerb.DOWNTIME and self.minutes is None:
            raise ValueError("a downtime needs its length: minutes: 60")
        return self


class Icinga2Settings(BaseModel):
    """One Icinga 2 with its API."""

    # Else a mistake in the password would print it.
    model_config = ConfigDict(hide_input_in_errors=True)

    url: str = Field(description="The API's address: https://icinga.acme.example:5665.")
    username: str = Field(min_length=1, description="The ApiUser's name.")
    password: SecretStr = Field(min_length=1, description="Its password.")
    authority_pem: str = Field(
        default="",
        description="The certificate (PEM) of Icinga's own authority: its certs/ca.crt. Empty: a public authority.",
    )
    services: dict[str, ObjectNames] = Field(
        default_factory=dict,
        description="A service's hosts (web) and services (web!http) at Icinga, by the service's name in the policy.",
    )
    default: ObjectNames | None = Field(
        default=None, description="The same for services that are not named, with {service} for the name."
    )
    fails_at: Literal["critical", "warning"] = Field(
        default="critical",
        description="From which state on customers are hit. A host that is down always counts.",
    )
    max_age_seconds: float = Field(
        default=900, gt=0, description="How old the newest check may be; an older one proves nothing."
    )
    actions: dict[str, IcingaAction] = Field(
        default_factory=dict, description="What may be done, by the action's name in the policy."
    )
    web_url: str | None = Field(
        default=None,
        description="Icinga Web with Icinga DB, for links: https://icinga.acme.example/icingaweb2.",
    )
    look_seconds: float = Field(
        default=15,
        ge=1,
        le=600,
        description="How often to look for what has changed, beside Icinga's events.",
    )
    timeout_seconds: float = Field(default=10, gt=0, le=60, description="How long one call may take.")

    @field_validator("url", "web_url")
    @classmethod
    def _is_an_address(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
            raise ValueError(
                f"{url!r} must be an address such as https://icinga:5665, without user and query"
            )
        return url.rstrip("/")

    @field_validator("services", "default")
    @classmethod
    def _names_objects(
        cls, named: dict[str, ObjectNames] | ObjectNames | None
    ) -> dict[str, ObjectNames] | ObjectNames | None:
        for names in named.values() if isinstance(named, dict) else [named]:
            # Without a filter Icinga takes every object there is.
            if names is not None and (not names or not all(_NAME.fullmatch(name) for name in names)):
                raise ValueError("name at least one object: a host as web, a service as web!http")
        return named

    @field_validator("authority_pem")
    @classmethod
    def _is_a_certificate(cls, pem: str) -> str:
        if pem:
            try:
                ssl.create_default_context(cadata=pem)
            except ssl.SSLError as error:
                raise ValueError(
                    "authority_pem must be a certificate: -----BEGIN CERTIFICATE----- ..."
                ) from error
        return pem

    @model_validator(mode="after")
    def _keeps_secrets(self) -> Self:
        if not keeps_secrets(self.url):
            raise ValueError("the password travels over https only (or on this machine): change url")
        if self.default is not None and not any(SERVICE in name for name in self.default):
            raise ValueError("default must have {service} in it, else every service has the same objects")
        return self

    def objects_of(self, service: str) -> list[str] | None:
        """The objects of a service; None where the operator named none."""
        found = self.services.get(service, self.default)
        # A service's name that is none at Icinga must not become another object's.
        if found is None or "!" in service:
            return None
        return [name.replace(SERVICE, service) for name in found]
