"""Help Scout, kept by Prefect."""

from __future__ import annotations

from prefect.blocks.core import Block
from pydantic import HttpUrl

from connectors.helpscout.connector import HelpScout
from connectors.helpscout.settings import HelpScoutSettings


class HelpScoutBlock(Block, HelpScoutSettings):
    """A Help Scout account: conversations, replies, notes and its webhooks.

    Example:
        Open the connection and see who we are there:
        ```python
        from blocks.helpscout import HelpScoutBlock

        block = HelpScoutBlock.load("BLOCK_NAME")
        print(await block.connector("helpscout/support").check())
        ```
    """

    _block_type_name = "Liaison Help Scout"
    _block_type_slug = "helpscout"
    _logo_url = HttpUrl("https://github.com/helpscout.png")
    _documentation_url = HttpUrl("https://developer.helpscout.com/mailbox-api/")

    def connector(self, name: str) -> HelpScout:
        """The open connection; close it with `aclose`."""
        return HelpScout(name, self)
