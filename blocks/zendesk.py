"""Zendesk, kept by Prefect."""

from __future__ import annotations

from prefect.blocks.core import Block
from pydantic import HttpUrl

from connectors.zendesk.connector import Zendesk
from connectors.zendesk.settings import ZendeskSettings


class ZendeskBlock(Block, ZendeskSettings):
    """A Zendesk account: tickets, replies, notes and signed webhooks.

    Example:
        Open the connection and see who we are there:
        ```python
        from blocks.zendesk import ZendeskBlock

        block = ZendeskBlock.load("BLOCK_NAME")
        print(await block.connector("zendesk/support").check())
        ```
    """

    _block_type_name = "Liaison Zendesk"
    _block_type_slug = "zendesk"
    _logo_url = HttpUrl("https://github.com/zendesk.png")
    _documentation_url = HttpUrl("https://developer.zendesk.com/api-reference/")

    def connector(self, name: str) -> Zendesk:
        """The open connection; close it with `aclose`."""
        return Zendesk(name, self)
