"""What an operator tells us about one service project of a Jira Service Management."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from connectors.kit.atlassian.site import AtlassianSettings, Edition
from incidents.models import TicketStatus


class ServiceManagementSettings(AtlassianSettings):
    """One service project, whose requests are customers' tickets."""

    project: str = Field(
        pattern=r"^[A-Z][A-Z0-9_]{1,30}$", description="Key of the service project, such as HELP."
    )
    statuses: dict[str, TicketStatus] = Field(
        default_factory=dict,
        description="What statuses of your own mean; those that service projects come with are known.",
    )
    product_field: str = Field(
        default="",
        pattern=r"^(customfield_[0-9]{1,9})?$",
        description="Id of the custom field with the product, such as customfield_10050; empty: none.",
    )
    tier_label_prefix: str = Field(
        default="tier_", description="Labels that start so name the customer's tier: tier_gold."
    )

    @model_validator(mode="after")
    def _require_cloud(self) -> Self:
        if self.kind is Edition.DATA_CENTER:
            raise ValueError(
                "jsm is for Cloud: Data Center tells internal comments in another way, which was not tried"
            )
        return self
