"""Slack's settings, kept by Prefect."""

from __future__ import annotations

from typing import ClassVar

from prefect.blocks.core import Block
from pydantic import HttpUrl

from connectors.slack import Slack, SlackSettings


class SlackBlock(Block, SlackSettings):
    """A Slack workspace: a room for every incident, commands and buttons back.

    Example:
        ```python
        from blocks.slack import SlackBlock

        block = SlackBlock.load("BLOCK_NAME")
        chat = block.connector("slack/engineering")
        ```
    """

    _block_type_name: ClassVar[str | None] = "Liaison Slack"
    _block_type_slug: ClassVar[str | None] = "slack"
    _logo_url: ClassVar[HttpUrl | None] = HttpUrl(
        "https://raw.githubusercontent.com/PrefectHQ/prefect/420d0d6a78bb6df1fc18bcf188fdad43c1d22ea9/assets/block-logos/slack.png"
    )
    _documentation_url: ClassVar[HttpUrl | None] = HttpUrl("https://docs.slack.dev/apis/web-api/")

    def connector(self, name: str) -> Slack:
        """The workspace's room for engineers and agents, ready to use; nothing is sent yet."""
        return Slack(name, self)
