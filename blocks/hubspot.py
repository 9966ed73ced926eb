"""HubSpot, kept by Prefect."""

from __future__ import annotations

from prefect.blocks.core import Block
from pydantic import HttpUrl

from connectors.hubspot.connector import HubSpot
from connectors.hubspot.settings import HubSpotSettings


class HubSpotBlock(Block, HubSpotSettings):
    """A HubSpot portal: tickets, notes, replies by their conversations and the webhooks of an app.

    Example:
        Open the connection and see who we are there:
        ```python
        from blocks.hubspot import HubSpotBlock

        block = HubSpotBlock.load("BLOCK_NAME")
        print(await block.connector("hubspot/support").check())
        ```
    """

    _block_type_name = "Liaison HubSpot"
    _block_type_slug = "hubspot"
    _logo_url = HttpUrl("https://github.com/HubSpot.png")
    _documentation_url = HttpUrl("https://developers.hubspot.com/docs/api-reference/latest/overview")

    def connector(self, name: str) -> HubSpot:
        """The open connection; close it with `aclose`."""
        return HubSpot(name, self)
