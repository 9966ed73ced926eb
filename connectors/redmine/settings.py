"""What an operator tells us about one project of a Redmine."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from connectors.kit.addresses import over_https
from incidents.models import TicketStatus


class RedmineSettings(BaseModel):
    """One project of one Redmine, reached as one dedicated user."""

    # Else a mistake in the key would print it.
    model_config = ConfigDict(hide_input_in_errors=True)

    base_url: str = Field(description="Address of Redmine, with its path if it has one.")
    api_key: SecretStr = Field(description="API key of the dedicated user, shown on its page My account.")
    project: str = Field(
        pattern=r"^[a-z0-9][a-z0-9_-]{0,99}$",
        description="Identifier of the project in which issues are opened, as in its address.",
    )
    tracker: str = Field(
        default="", description="Name of the tracker, such as Bug; empty: the project's first."
    )
    private_notes: bool = Field(
        default=True,
        description="Whether our comments are private notes; the role must be allowed to make them.",
    )
    private_issues: bool = Field(
        default=False, description="Whether issues are opened as private; the role must be allowed to do so."
    )
    serves: Literal["engineers", "customers"] = Field(
        default="engineers",
        description="engineers: issues for the lasting fix. customers: the project's issues are their tickets.",
    )
    statuses: dict[str, TicketStatus] = Field(
        default_factory=dict,
        description="Tickets: what statuses of your own mean; those that Redmine comes with are known.",
    )
    colleagues: list[str] = Field(
        default_factory=list,
        description="Tickets: names, as Redmine shows them, of colleagues who are no members: administrators.",
    )
    email_field: str = Field(
        default="",
        description="Tickets: custom field with the customer's address, for those that colleagues file.",
    )
    name_field: str = Field(default="", description="Tickets: custom field with the customer's name.")
    field_is_mailed: bool = Field(
        default=False,
        description="Tickets: whether something mails public notes to the address in that field.",
    )
    tag_field: str = Field(
        default="", description="Tickets: custom field, a text, that keeps tags; empty: no tags."
    )
    tier_field: str = Field(default="", description="Tickets: custom field with the customer's tier.")
    product_field: str = Field(default="", description="Tickets: custom field with the product.")
    requests_per_minute: float = Field(
        default=600, ge=1, description="All calls a minute; Redmine has no limit of its own."
    )

    @model_validator(mode="after")
    def _require_a_safe_address(self) -> Self:
        # The key is on every request: it must not travel in clear.
        over_https(self.base_url, local="a Redmine")
        return self

    @property
    def address(self) -> str:
        """Where Redmine lives, without a slash at the end."""
        return self.base_url.rstrip("/")
