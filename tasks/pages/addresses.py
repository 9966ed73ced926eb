"""Where a page of ours is in the Prefect UI."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID


def page_address(key: str, known: Mapping[str, UUID]) -> str:
    """Below the UI's address: the page itself where its id is known, else the list of its versions, a click away."""
    return f"/artifacts/artifact/{known[key]}" if key in known else f"/artifacts/key/{key}"
