"""What may leave customer service, and who is told when something did that should not have."""

from __future__ import annotations

from pydantic import Field

from incidents.egress.edges import USUAL, Confided, Edge
from incidents.policy.rungs import Rung
from incidents.policy.words import PolicySection

_MAY = "What of a ticket may go"


class Egress(PolicySection):
    """What leaves customer service: what is not in a list is taken out of every text that goes that way."""

    chat: tuple[Confided, ...] = Field(default=USUAL, description=f"{_MAY} into chat rooms.")
    pager: tuple[Confided, ...] = Field(default=USUAL, description=f"{_MAY} to on-call tools.")
    tracker: tuple[Confided, ...] = Field(default=USUAL, description=f"{_MAY} onto issues.")
    status_page: tuple[Confided, ...] = Field(default=(), description=f"{_MAY} onto status pages.")
    alarm: Rung | None = Field(
        default=None,
        description="Paged when customers could read a note for colleagues; left out, the lead of ownership or of the"
        " team is.",
    )

    def allowed(self, edge: Edge) -> tuple[Confided, ...]:
        """What may go by this way."""
        found: tuple[Confided, ...] = getattr(self, edge.value)
        return found

    def __str__(self) -> str:
        """In one line for people: `chat: number, link; pager: nothing; ...`."""
        return "; ".join(
            f"{edge.replace('_', ' ')}: {', '.join(self.allowed(edge)) or 'nothing of a ticket'}"
            for edge in Edge
        )
