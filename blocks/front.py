"""Front, kept by Prefect."""

from __future__ import annotations

from prefect.blocks.core import Block
from pydantic import HttpUrl

from connectors.front.connector import Front
from connectors.front.settings import FrontSettings


class FrontBlock(Block, FrontSettings):
    """A Front company: conversations, replies, comments and the webhooks of apps and rules.

    Example:
        Open the connection and see who we are there:
        ```python
        from blocks.front import FrontBlock

        block = FrontBlock.load("BLOCK_NAME")
        print(await block.connector("front/support").check())
        ```
    """

    _block_type_name = "Liaison Front"
    _block_type_slug = "front"
    _logo_url = HttpUrl("https://github.com/frontapp.png")
    _documentation_url = HttpUrl("https://dev.frontapp.com/reference/introduction")

    def connector(self, name: str) -> Front:
        """The open connection; close it with `aclose`."""
        return Front(name, self)
