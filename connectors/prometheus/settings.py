"""What an operator says about one Prometheus, or a server with its query API (Thanos, Mimir, VictoriaMetrics)."""

from __future__ import annotations

from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from connectors.kit.addresses import keeps_secrets
from connectors.kit.auth.ways import BasicLogin, BearerToken

SERVICE = "{service}"


class ServiceQuery(BaseModel):
    """How a service's health is read: one number, and from where on customers are hit."""

    model_config = ConfigDict(extra="forbid")

    value: str = Field(
        min_length=1,
        description="PromQL for one number, with {service} for the service's name. Of several series the worst counts.",
    )
    fails_above: float | None = Field(
        default=None, description="Customers are hit where the number is above this."
    )
    fails_below: float | None = Field(default=None, description="Or where it is below this.")
    title: str = Field(
        default="", max_length=80, description="What the number is, for people: share of failed payments."
    )
    affected: str | None = Field(
        default=None,
        description="PromQL for how many customers, or requests, are hit; asked only when it fails.",
    )
    fresh: str | None = Field(
        default=None,
        description=(
            "PromQL for the Unix time of the newest sample behind the number, such as"
            ' max(timestamp(up{job="{service}"})); older than max_age_seconds proves nothing.'
        ),
    )
    max_age_seconds: float = Field(default=120, gt=0, description="How old the newest sample may be.")

    @model_validator(mode="after")
    def _has_one_limit(self) -> Self:
        if (self.fails_above is None) == (self.fails_below is None):
            raise ValueError("say either fails_above or fails_below: from where on customers are hit")
        return self

    def is_failing(self, value: float) -> bool:
        """Whether this number means that customers are hit."""
        if self.fails_above is not None:
            return value > self.fails_above
        return self.fails_below is not None and value < self.fails_below

    @property
    def limit(self) -> str:
        """The limit in words."""
        return (
            f"above {self.fails_above:g}" if self.fails_above is not None else f"below {self.fails_below:g}"
        )


class PrometheusSettings(BaseModel):
    """One server and the queries of its services."""

    # Else a mistake in the token would print it.
    model_config = ConfigDict(hide_input_in_errors=True)

    url: str = Field(
        description="The server's address, with its path prefix if it has one: http://prometheus:9090."
    )
    queries: dict[str, ServiceQuery] = Field(
        default_factory=dict, description="A query for each service of the policy, by the service's name."
    )
    default: ServiceQuery | None = Field(
        default=None, description="The query for services that are not named, with {service} in it."
    )
    bearer_token: SecretStr | None = Field(
        default=None, description="A token, where a proxy or the server asks for one."
    )
    username: str | None = Field(default=None, description="Or the user name of basic authentication.")
    password: SecretStr | None = Field(default=None, description="And its password.")
    public_url: str | None = Field(
        default=None, description="Where people open its pages, if that is another address than url."
    )
    since_minutes: int = Field(
        default=60, ge=5, le=1440, description="How far back is looked for the moment since when it fails."
    )
    timeout_seconds: float = Field(default=10, gt=0, le=60, description="How long one query may take.")

    @field_validator("url", "public_url")
    @classmethod
    def _is_an_address(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
            raise ValueError(
                f"{url!r} must be an address such as http://prometheus:9090, without user and query"
            )
        return url.rstrip("/")

    @model_validator(mode="after")
    def _asks_something_and_keeps_secrets(self) -> Self:
        if not self.queries and self.default is None:
            raise ValueError("name a query for at least one service, or a default with {service} in it")
        if self.default is not None and SERVICE not in self.default.value:
            raise ValueError(
                "default.value must have {service} in it, else every service has the same health"
            )
        if self.bearer_token is not None and self.username is not None:
            raise ValueError("give either bearer_token or username and password")
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password belong together")
        if self.credentials is not None and not keeps_secrets(self.url):
            raise ValueError("a token or password travels over https only (or on this machine): change url")
        return self

    @property
    def credentials(self) -> BearerToken | BasicLogin | None:
        """How we prove who we are, where the server asks for it."""
        if self.bearer_token is not None:
            return BearerToken(self.bearer_token)
        return None if self.password is None else BasicLogin(self.username or "", self.password)

    def query(self, service: str) -> ServiceQuery | None:
        """The query for a service, with its name put in; None where the operator named none."""
        found = self.queries.get(service, self.default)
        return (
            None
            if found is None
            else found.model_copy(
                update={
                    "value": _filled(found.value, service),
                    "affected": None if found.affected is None else _filled(found.affected, service),
                    "fresh": None if found.fresh is None else _filled(found.fresh, service),
                }
            )
        )


def _filled(promql: str, service: str) -> str:
    """The name as it may stand between the quotes of a label's value, whatever characters it has."""
    quoted = service.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return promql.replace(SERVICE, quoted)
