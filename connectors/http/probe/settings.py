"""What an operator says about a look at a service."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, model_validator

from connectors.http.urls import Address, as_list


class HealthProbe(BaseModel):
    """One look at a service from the outside. What counts as failing is in this folder's README."""

    urls: Annotated[list[Address], BeforeValidator(as_list)] = Field(
        min_length=1,
        description="Addresses that must all answer well; {service} in a path is the service's name.",
    )
    method: Literal["GET", "HEAD"] = Field(default="GET", description="How to ask.")
    expected: list[int] = Field(default=[200], min_length=1, description="HTTP statuses that mean healthy.")
    body_contains: str | None = Field(
        default=None, description="Text that the answer's first mebibyte must contain."
    )
    max_seconds: float = Field(
        default=5.0, gt=0, le=60, description="An answer slower than this is a failing service."
    )
    attempts: int = Field(
        default=2, ge=1, le=5, description="Looks before a service is called failing: one blip is no outage."
    )
    pause_seconds: float = Field(default=0.2, ge=0, le=30, description="Time between two looks.")
    connect_seconds: float = Field(
        default=3.0, gt=0, le=30, description="When connecting takes longer, the look proves nothing."
    )

    @model_validator(mode="after")
    def _a_head_has_no_body(self) -> Self:
        if self.method == "HEAD" and self.body_contains is not None:
            raise ValueError("HEAD answers have no body: use GET, or drop body_contains")
        return self
