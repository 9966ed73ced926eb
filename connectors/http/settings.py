"""What an operator says about one plain HTTP connection: four sections, each of them optional."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from connectors.http.action.settings import WebhookAction
from connectors.http.event_types.settings import EventTypes, header_to_keep
from connectors.http.fields import TicketFields
from connectors.http.outbound.settings import Outbound
from connectors.http.presets.presets import PresetName, preset
from connectors.http.probe.settings import HealthProbe
from connectors.http.words import TimeZone, lower_keys
from connectors.kit.paths.grammar import Source
from connectors.kit.webhooks.schemes import SignatureScheme
from connectors.kit.webhooks.signatures import usable_secret
from incidents.events import Lane
from incidents.models import Author, Origin, TicketStatus

__all__ = ["HealthProbe", "HttpSettings", "Outbound", "WebhookAction", "WebhookMapping"]


def _said(model: BaseModel) -> dict[str, Any]:
    """The fields that differ from their defaults."""
    kind = type(model)
    return {
        name: value
        for name, field in kind.model_fields.items()
        if (value := getattr(model, name)) != field.get_default(call_default_factory=True)
    }


class WebhookMapping(BaseModel):
    """How a helpdesk without a connector of its own tells us about tickets."""

    # Else a mistake in one secret would print all of them.
    model_config = ConfigDict(hide_input_in_errors=True)

    preset: PresetName | None = Field(
        default=None, description="A common sender's own settings; what is said here is put over them."
    )
    # Plain SecretStr: behind Annotated, Prefect does not see that it is a secret and stores asterisks.
    signing_secrets: list[SecretStr] = Field(
        min_length=1,
        description="The sender's secrets or public keys, as its scheme has them; two while one is replaced.",
    )
    signature: SignatureScheme | None = Field(
        default=None, description="How the sender proves itself; Standard Webhooks when nothing is said."
    )
    identity_header: str | None = Field(
        default=None, description="The header that a retry repeats, such as X-GitHub-Delivery."
    )
    identity_field: Source | None = Field(
        default=None, description="Or the path of what identifies a delivery. Neither: its bytes."
    )
    challenge_header: str | None = Field(
        default=None, description="A header whose value the sender wants back when the webhook is set up."
    )
    event_types: EventTypes | None = Field(
        default=None, description="Which types of deliveries are read, where not all are about tickets."
    )
    each: Source | None = Field(
        default=None, description="The list of tickets, where a delivery has several: alerts."
    )
    lane: Lane = Field(
        default=Lane.INTAKE, description="Which drain reads the deliveries: intake or status_sync."
    )
    ticket: TicketFields = Field(
        default_factory=TicketFields, description="Where in the JSON payload each of our fields is."
    )
    status_map: Annotated[dict[str, TicketStatus], BeforeValidator(lower_keys)] = Field(
        default_factory=dict,
        description="The source's status words, in any case, to ours; our own words mean themselves.",
    )
    default_status: TicketStatus | None = Field(
        default=None,
        description="Our status for a word not in the map; without one such a delivery is parked.",
    )
    author_map: Annotated[dict[str, Author], BeforeValidator(lower_keys)] = Field(
        default_factory=dict,
        description="The source's words for who wrote a comment to customer, agent or liaison.",
    )
    origin_map: Annotated[dict[str, Origin], BeforeValidator(lower_keys)] = Field(
        default_factory=dict,
        description="The source's words for how a comment was made to person, automatic, bounce, survey or list.",
    )
    public_map: Annotated[dict[str, bool], BeforeValidator(lower_keys)] = Field(
        default_factory=dict,
        description="Words at comment_public to whether customers see it, beside the usual ones.",
    )
    timezone: TimeZone = Field(default="UTC", description="The zone of times that do not name one.")
    time_formats: list[str] = Field(
        default_factory=list, description="Forms of its times beside the usual ones, as strptime has them."
    )

    _check_header = field_validator("identity_header", "challenge_header")(header_to_keep)

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        whole = self.with_preset()
        missing = [name for name in ("id", "status") if getattr(whole.ticket, name) is None]
        if missing:
            raise ValueError(f"ticket needs {' and '.join(missing)}: say where they are, or name a preset")
        if self.identity_header is not None and self.identity_field is not None:
            raise ValueError("name either identity_header or identity_field")
        scheme = whole.signature or SignatureScheme()
        for secret in self.signing_secrets:
            scheme.check_secret(usable_secret(secret))
        return self

    def with_preset(self) -> WebhookMapping:
        """These settings over the preset's. Read anew each time, so that a preset mended is a connection mended.

        A value that is the default says nothing: a saved block names every field.
        """
        if self.preset is None:
            return self
        under = dict(preset(self.preset))
        given, fields = _said(self), _said(self.ticket)
        if "identity_header" in given or "identity_field" in given:
            under |= {"identity_header": None, "identity_field": None}
        merged = {
            **under,
            **given,
            "preset": None,
            "ticket": TicketFields(**{**under.get("ticket", {}), **fields}),
            "status_map": {**lower_keys(under.get("status_map", {})), **self.status_map},
            "public_map": {**lower_keys(under.get("public_map", {})), **self.public_map},
            "origin_map": {**lower_keys(under.get("origin_map", {})), **self.origin_map},
            "author_map": {**lower_keys(under.get("author_map", {})), **self.author_map},
        }
        return WebhookMapping.model_validate(merged)


class HttpSettings(BaseModel):
    """One connection over plain HTTP; a section that is missing is a capability that refuses."""

    # Else a mistake in one secret would print all of them.
    model_config = ConfigDict(hide_input_in_errors=True)

    webhook: WebhookMapping | None = Field(
        default=None, description="Signed JSON webhooks in, read as tickets."
    )
    outbound: Outbound | None = Field(
        default=None, description="Calls that write back to that helpdesk; without them tickets only come in."
    )
    probe: HealthProbe | None = Field(default=None, description="Whether a service answers as it should.")
    action: WebhookAction | None = Field(default=None, description="A remedy started by a POST.")
    allow_private: list[str] = Field(
        default_factory=list,
        description="Hosts, or host:port, that may be reached although their address is private.",
    )

    @model_validator(mode="after")
    def _writes_back_to_what_it_reads(self) -> Self:
        if self.outbound is not None and self.webhook is None:
            raise ValueError("outbound writes back to the helpdesk of the webhook section, which is missing")
        return self
