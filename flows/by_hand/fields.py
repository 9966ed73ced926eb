"""What a person fills in, alike in every form."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

IncidentName = Annotated[str, Field(pattern=r"^INC-[0-9]{1,18}$", examples=["INC-42"])]
Person = Annotated[str, Field(min_length=1, max_length=100)]
Reason = Annotated[str, Field(max_length=500)]
