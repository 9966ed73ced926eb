"""Atlassian Statuspage, kept by Prefect."""

from __future__ import annotations

from prefect.blocks.core import Block
from pydantic import HttpUrl

from connectors.statuspage.connector import AtlassianStatuspage
from connectors.statuspage.settings import StatuspageSettings


class StatuspageBlock(Block, StatuspageSettings):
    """A page at Atlassian Statuspage: public incidents, what is said about them, the components they hit.

    Example:
        Open the connection and see which page it is:
        ```python
        from blocks.statuspage import StatuspageBlock

        block = StatuspageBlock.load("BLOCK_NAME")
        print(await block.connector("statuspage/main").check())
        ```
    """

    _block_type_name = "Liaison Statuspage"
    _block_type_slug = "statuspage"
    _logo_url = HttpUrl("https://github.com/atlassian.png")
    _documentation_url = HttpUrl("https://developer.statuspage.io/")

    def connector(self, name: str) -> AtlassianStatuspage:
        """The open connection; close it with `aclose`."""
        return AtlassianStatuspage(name, self)
