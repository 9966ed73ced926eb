"""Whose word counts where two tools say different things of one field. What that means: docs/sync.md."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from incidents.policy.problems import refuse
from incidents.policy.words import PolicySection


class SyncRules(PolicySection):
    """Owners of the fields that both Liaison and others write. What is left out here has one owner for good."""

    ticket_status: Literal["helpdesk", "liaison", "newer"] = Field(
        default="helpdesk",
        description="Whose a ticket's status is: what its agents set stands, or what Liaison has set, or what was set "
        "last.",
    )
    refused: Literal["leave", "restore"] = Field(
        default="leave",
        description="What is done with a status that was not its maker's to change; told it is in any case.",
    )
    technical_state: Literal["pager", "newer"] = Field(
        default="pager",
        description="What says that engineers have it or mended it: the page alone, or the newer of page and room.",
    )
    in_our_name: Literal["echo", "change"] = Field(
        default="echo",
        description="What a comment is that stands under Liaison's own user and that Liaison did not write.",
    )

    @model_validator(mode="after")
    def _has_something_to_restore(self) -> Self:
        if self.refused == "restore" and self.ticket_status == "helpdesk":
            why = (
                "nothing is refused while ticket_status is helpdesk, so there is nothing to restore; "
                "write ticket_status: liaison or newer, or take refused out"
            )
            refuse("SyncRules", [(("refused",), why)])
        return self
