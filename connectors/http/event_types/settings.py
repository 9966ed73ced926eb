"""What an operator says about a sender that tells of more than tickets."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, Field, field_validator, model_validator

from connectors.http.urls import HEADER_NAME
from connectors.kit.paths.grammar import Source

_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie"})


def header_to_keep(name: str | None) -> str | None:
    """The name of a header that may be stored. Raises ValueError for what is none, or carries a credential."""
    if name is None:
        return None
    if HEADER_NAME.fullmatch(name) is None or name.lower() in _SECRET_HEADERS:
        raise ValueError(f"{name[:40]!r} is no header that can be kept")
    return name


class EventTypes(BaseModel):
    """Which deliveries are about tickets, where a sender tells of other things too. The rest is only counted."""

    header: str | None = Field(default=None, description="The header with the type, such as X-GitHub-Event.")
    field: Source | None = Field(default=None, description="Or the path of the type, such as event.")
    read: list[str] = Field(
        default_factory=list, description="Types that are read; * stands for any letters. Empty: all."
    )
    ignore: list[str] = Field(default_factory=list, description="Types that are not, whatever read says.")

    _check_header = field_validator("header")(header_to_keep)

    @model_validator(mode="after")
    def _has_one_place(self) -> Self:
        if (self.header is None) == (self.field is None):
            raise ValueError("name either the header or the field that holds a delivery's type")
        return self
