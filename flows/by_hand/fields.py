"""What a person fills in, alike in every form."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from incidents.approval import ApprovalSubject

# As people have it at hand: looked up when the run begins (`tasks.reading.incident_meant`).
IncidentMeant = Annotated[
    str,
    Field(min_length=1, max_length=300, examples=["INC-42", "#4711", "https://desk.example/tickets/4711"]),
]
Person = Annotated[str, Field(min_length=1, max_length=100)]
Reason = Annotated[str, Field(max_length=500)]


class AskedFor(StrEnum):
    """What is answered; a choice in the form."""

    WHATEVER = "whatever is asked"
    STATUS_PAGE = ApprovalSubject.STATUS_PAGE.value
    AFFECTED = ApprovalSubject.AFFECTED.value
    ACTION = ApprovalSubject.ACTION.value
    MAJOR = ApprovalSubject.MAJOR.value

    @property
    def subject(self) -> ApprovalSubject | None:
        """As the decision has it; None where it is the one thing that is asked."""
        return None if self is AskedFor.WHATEVER else ApprovalSubject(self.value)
