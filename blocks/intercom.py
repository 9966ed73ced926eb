"""Intercom, kept by Prefect."""

from __future__ import annotations

from prefect.blocks.core import Block
from pydantic import HttpUrl

from connectors.intercom.connector import Intercom
from connectors.intercom.settings import IntercomSettings


class IntercomBlock(Block, IntercomSettings):
    """An Intercom workspace: conversations, replies, notes and the webhook of an app.

    Example:
        Open the connection and see who we are there:
        ```python
        from blocks.intercom import IntercomBlock

        block = IntercomBlock.load("BLOCK_NAME")
        print(await block.connector("intercom/support").check())
        ```
    """

    _block_type_name = "Liaison Intercom"
    _block_type_slug = "intercom"
    _logo_url = HttpUrl("https://github.com/intercom.png")
    _documentation_url = HttpUrl("https://developers.intercom.com/docs/references/rest-api/api.intercom.io/")

    def connector(self, name: str) -> Intercom:
        """The open connection; close it with `aclose`."""
        return Intercom(name, self)
