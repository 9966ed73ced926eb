"""Freshdesk, kept by Prefect."""

from __future__ import annotations

from prefect.blocks.core import Block
from pydantic import HttpUrl

from connectors.freshdesk.connector import Freshdesk
from connectors.freshdesk.settings import FreshdeskSettings


class FreshdeskBlock(Block, FreshdeskSettings):
    """A Freshdesk account: tickets, replies, notes and the webhooks of automation rules.

    Example:
        Open the connection and see who we are there:
        ```python
        from blocks.freshdesk import FreshdeskBlock

        block = FreshdeskBlock.load("BLOCK_NAME")
        print(await block.connector("freshdesk/support").check())
        ```
    """

    _block_type_name = "Liaison Freshdesk"
    _block_type_slug = "freshdesk"
    _logo_url = HttpUrl("https://github.com/freshdesk.png")
    _documentation_url = HttpUrl("https://developers.freshdesk.com/api/")

    def connector(self, name: str) -> Freshdesk:
        """The open connection; close it with `aclose`."""
        return Freshdesk(name, self)
