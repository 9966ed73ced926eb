"""A person or place to page: the rungs of a team's ladder, its lead and its manager, and the owners' lead."""

from __future__ import annotations

from pydantic import Field

from incidents.policy.words import Connection, PolicySection


class Rung(PolicySection):
    """A next level, paged when the level before did not answer in time."""

    title: str = Field(min_length=1, max_length=100, description="Who that is, for people.")
    pager: Connection | None = Field(default=None, description="Connection to page by, if not the team's.")
    pager_target: str = Field(min_length=1, description="Whom to page, in the on-call tool's own words.")
