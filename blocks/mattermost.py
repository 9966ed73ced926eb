"""Mattermost, kept by Prefect."""

from __future__ import annotations

from prefect.blocks.core import Block
from pydantic import HttpUrl

from connectors.mattermost.connector import Mattermost
from connectors.mattermost.settings import MattermostSettings


class MattermostBlock(Block, MattermostSettings):
    """A Mattermost team: channels, messages, buttons, slash commands and outgoing webhooks.

    Example:
        Open the connection and see who we are there:
        ```python
        from blocks.mattermost import MattermostBlock

        block = MattermostBlock.load("BLOCK_NAME")
        print(await block.connector("mattermost/engineering").check())
        ```
    """

    _block_type_name = "Liaison Mattermost"
    _block_type_slug = "mattermost"
    _logo_url = HttpUrl("https://github.com/mattermost.png")
    _documentation_url = HttpUrl("https://developers.mattermost.com/api-documentation/")

    def connector(self, name: str) -> Mattermost:
        """The open connection; close it with `aclose`."""
        return Mattermost(name, self)
