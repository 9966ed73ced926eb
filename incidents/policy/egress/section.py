"""What may leave customer service, and who is told when something did that should not have."""

from __future__ import annotations

from pydantic import Field

from incidents.policy.rungs import Rung
from incidents.policy.words import PolicySection


class Egress(PolicySection):
    """What leaves customer service."""

    alarm: Rung | None = Field(
        default=None,
        description="Paged when customers could read a note for colleagues; left out, the lead of ownership or of the"
        " team is.",
    )
