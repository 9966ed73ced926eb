"""Links to an incident's story in the Prefect UI that stay right: the gateway looks up where the page is now.

The page's own address has an id that is not known before it is first written, and is another one after somebody was
forgotten or Prefect's database was lost. Nothing of the incident is in such a link but its name.
"""

from __future__ import annotations

from incidents.links.board_links import PATH as BOARD
from incidents.policy.process import Links

PATH = "/incidents/"
STORY = "story"
NOW = "now"
"""`/incidents/now`: how it stands."""


def board_address(name: str, places: Links) -> str | None:
    """Where the board tells of `INC-7`, for whoever may see it; None where the policy does not say where it is."""
    return f"{places.gateway.rstrip('/')}{BOARD}{name}" if places.gateway is not None else None


def story_link(name: str, places: Links) -> str | None:
    """Where to read the story of `INC-7` in the Prefect UI; None where the policy does not say where that is.

    Without a gateway's address it is the list of the page's versions, a click away.
    """
    if places.prefect_ui is None:
        return None
    if places.gateway is None:
        return f"{places.prefect_ui.rstrip('/')}/artifacts/key/{name.lower()}"
    return f"{places.gateway.rstrip('/')}{PATH}{name}/{STORY}"
