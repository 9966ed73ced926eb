"""What an operator says about a remedy behind a POST."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, Field, SecretStr, model_validator

from connectors.http.urls import HEADER_NAME, HEADER_VALUE, Address, local_path
from connectors.http.words import lower_keys
from connectors.kit.webhooks.signatures import usable_secret
from connectors.kit.webhooks.signing import standard_webhook_keys
from incidents.actions import ActionState

# Set by us or by the client: a second, different value would confuse whoever reads the request.
_OWN_HEADERS = frozenset(
    {"host", "content-length", "content-type", "transfer-encoding", "connection", "idempotency-key"}
    | {"webhook-id", "webhook-timestamp", "webhook-signature"}
)


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
    status_map: Annotated[dict[str, ActionState], BeforeValidator(lower_keys)] = Field(
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
            standard_webhook_keys(usable_secret(self.signing_secret))
        for name, value in self.headers.items():
            if HEADER_NAME.fullmatch(name) is None or name.lower() in _OWN_HEADERS:
                raise ValueError(f"header {name!r} cannot be set here")
            if HEADER_VALUE.fullmatch(value.get_secret_value()) is None:
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
