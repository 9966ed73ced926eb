"""Services as a catalogue has them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class CatalogService:
    """One service as a catalogue has it. `owner` is a team, "" if the catalogue names none."""

    name: str
    title: str
    owner: str
    depends_on: tuple[str, ...]
