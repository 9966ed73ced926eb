"""What an operator says about one plain HTTP connection: three sections, each of them optional."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from connectors.http.fields import TicketFields
from connectors.http.urls import local_path, origin
from connectors.kit.webhooks.signatures import usable_secret
from connectors.kit.webhooks.signing import standard_webhook_key
from incidents.events import Lane
from incidents.models import (
    ActionState,
    Author,
    TicketStatus,
)

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")
# Set by us or by the client: a second, different value would confuse whoever reads the request.
_OWN_HEADERS = frozenset(
    {"host", "content-length", "content-type", "transfer-encoding", "connection", "idempotency-key"}
    | {"webhook-id", "webhook-timestamp", "webhook-signature"}
)


def _address(url: str) -> str:
    parts = urlsplit(url)
    origin(url)  # a port that is no number raises ValueError, as all below
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("the address must start with https:// (or http://) and name a host")
    if "@" in parts.netloc:
        raise ValueError("the address has a user or password in it; put it into a header or the bearer token")
    if "{" in parts.netloc:
        raise ValueError("the host must be fixed; placeholders go into the path")
    return url


def _check_secret(secret: SecretStr) -> None:
    standard_webhook_key(usable_secret(secret))


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("no such time zone; use a name such as Europe/Berlin") from error
    return name


def _lower_keys(value: Any) -> Any:
    return (
        {str(key).strip().casefold(): item for key, item in value.items()}
        if isinstance(value, dict)
        else value
    )


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Address = Annotated[str, AfterValidator(_address)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]


class WebhookMapping(BaseModel):
    """How a helpdesk without a connector of its own tells us about tickets."""

    # Plain SecretStr: behind Annotated, Prefect does not see that it is a secret and stores asterisks.
    signing_secrets: list[SecretStr] = Field(
        min_length=1,
        description="Standard Webhooks secrets (whsec_...); two while one is being replaced.",
    )
    lane: Lane = Field(
        default=Lane.INTAKE, description="Which drain reads the deliveries: intake or status_sync."
    )
    ticket: TicketFields = Field(description="Where in the JSON payload each of our fields is.")
    status_map: Annotated[dict[str, TicketStatus], BeforeValidator(_lower_keys)] = Field(
        default_factory=dict,
        description="The source's status words, in any case, to ours; our own words mean themselves.",
    )
    default_status: TicketStatus | None = Field(
        default=None,
        description="Our status for a word not in the map; without one such a delivery is parked.",
    )
    author_map: Annotated[dict[str, Author], BeforeValidator(_lower_keys)] = Field(
        default_factory=dict,
        description="The source's words for who wrote a comment to customer, agent or liaison.",
    )
    timezone: TimeZone = Field(default="UTC", description="The zone of times that do not name one.")

    @field_validator("signing_secrets")
    @classmethod
    def _secrets_protect(cls, secrets: list[SecretStr]) -> list[SecretStr]:
        for secret in secrets:
            _check_secret(secret)
        return secrets


class HealthProbe(BaseModel):
    """One look at a service from the outside. What counts as failing is in this folder's README."""

    urls: Annotated[list[Address], BeforeValidator(_as_list)] = Field(
        min_length=1,
        description="Addresses that must all answer well; {service} in a path is the service's name.",
    )
    method: Literal["GET", "HEAD"] = Field(default="GET", description="How to ask.")
    expected: list[int] = Field(default=[200], min_length=1, description="HTTP statuses that mean healthy.")
    body_contains: str | None = Field(
        default=None, description="Text that the answer's first mebibyte must contain."
    )
    max_seconds: float = Field(
        default=5.0, gt=0, le=60, description="An answer slower than this is a failing service."
    )
    attempts: int = Field(
        default=2, ge=1, le=5, description="Looks before a service is called failing: one blip is no outage."
    )
    pause_seconds: float = Field(default=0.5, ge=0, le=30, description="Time between two looks.")
    connect_seconds: float = Field(
        default=3.0, gt=0, le=30, description="When connecting takes longer, the look proves nothing."
    )

    @model_validator(mode="after")
    def _a_head_has_no_body(self) -> Self:
        if self.method == "HEAD" and self.body_contains is not None:
            raise ValueError("HEAD answers have no body: use GET, or drop body_contains")
        return self


class WebhookAction(BaseModel):
    """A remedy that is started by a POST and, where it takes time, followed by a GET."""

    url: Address = Field(description="Where to POST; {action} in the path is the action's name.")
    status_url: str | None = Field(
        default=None,
        description="Address of a run's state, with {run_id}; else the answer's status_url or Location.",
    )
    headers: dict[str, SecretStr] = Field(
        default_factory=dict, description="Headers to send along, kept as secrets."
    )
    bearer_token: SecretStr | None = Field(
        default=None, description="Token for the Authorization header, without the word Bearer."
    )
    signing_secret: SecretStr | None = Field(
        default=None, description="Standard Webhooks secret (whsec_...) to sign our POSTs with."
    )
    status_map: Annotated[dict[str, ActionState], BeforeValidator(_lower_keys)] = Field(
        default_factory=dict,
        description="The service's words for a run's state to running, succeeded or failed.",
    )
    honours_idempotency_key: bool = Field(
        default=False,
        description="True when a POST repeated with the same Idempotency-Key surely runs only once.",
    )

    @model_validator(mode="after")
    def _can_be_sent(self) -> Self:
        self._check_status_url()
        if self.signing_secret is not None:
            _check_secret(self.signing_secret)
        for name, value in self.headers.items():
            if _HEADER_NAME.fullmatch(name) is None or name.lower() in _OWN_HEADERS:
                raise ValueError(f"header {name!r} cannot be set here")
            if _HEADER_VALUE.fullmatch(value.get_secret_value()) is None:
                raise ValueError(f"header {name!r} has characters that a header cannot carry")
        token = self.bearer_token
        if token is not None and re.fullmatch(r"[\x21-\x7e]+", token.get_secret_value()) is None:
            raise ValueError("the bearer token is empty or has blanks in it; copy it again")
        return self

    def _check_status_url(self) -> None:
        if self.status_url is None:
            return
        if "{run_id}" not in self.status_url:
            raise ValueError("status_url must have {run_id} in it")
        if local_path(self.url, self.status_url) is None:
            raise ValueError("status_url must be at the same host as url: the credentials belong there")


class HttpSettings(BaseModel):
    """One connection over plain HTTP; a section that is missing is a capability that refuses."""

    webhook: WebhookMapping | None = Field(
        default=None, description="Signed JSON webhooks in, read as tickets."
    )
    probe: HealthProbe | None = Field(default=None, description="Whether a service answers as it should.")
    action: WebhookAction | None = Field(default=None, description="A remedy started by a POST.")
    allow_private: list[str] = Field(
        default_factory=list,
        description="Hosts, or host:port, that may be reached although their address is private.",
    )
