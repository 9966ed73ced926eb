"""Zammad, kept by Prefect."""

from __future__ import annotations

from prefect.blocks.core import Block
from pydantic import HttpUrl

from connectors.zammad.connector import Zammad
from connectors.zammad.settings import ZammadSettings


class ZammadBlock(Block, ZammadSettings):
    """A Zammad: tickets, replies, notes and signed webhooks.

    Example:
        Open the connection and see who we are there:
        ```python
        from blocks.zammad import ZammadBlock

        block = ZammadBlock.load("BLOCK_NAME")
        print(await block.connector("zammad/support").check())
        ```
    """

    _block_type_name = "Liaison Zammad"
    _block_type_slug = "zammad"
    _logo_url = HttpUrl("https://github.com/zammad.png")
    _documentation_url = HttpUrl("https://docs.zammad.org/en/latest/api/intro.html")

    def connector(self, name: str) -> Zammad:
        """The open connection; close it with `aclose`."""
        return Zammad(name, self)
