"""What an outage costs us by what we have promised, for the review of an incident."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from incidents.policy.words import Duration, PolicySection


class SlaCredits(PolicySection):
    """What a customer is owed by their tier, where an outage lasted too long."""

    after: Duration = Field(
        default=timedelta(hours=1),
        description="An outage that lasted longer is owed for, from the first sign on.",
    )
    currency: str = Field(default="EUR", min_length=1, max_length=10, description="The unit of the amounts.")
    tiers: dict[str, int] = Field(
        min_length=1, description="To each customer of this tier who wrote, in whole units: gold: 50."
    )


class Review(PolicySection):
    """What the review of an incident counts beside times and people."""

    credits: SlaCredits | None = Field(
        default=None, description="What customers are owed; left out, the review says nothing of it."
    )
