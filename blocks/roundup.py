"""Roundup, kept by Prefect."""

from __future__ import annotations

from prefect.blocks.core import Block
from pydantic import HttpUrl

from connectors.roundup.connector import Roundup
from connectors.roundup.settings import RoundupSettings


class RoundupBlock(Block, RoundupSettings):
    """A tracker of a Roundup: issues for the lasting fix, and comments below them.

    Example:
        Open the connection and see who we are there:
        ```python
        from blocks.roundup import RoundupBlock

        block = RoundupBlock.load("BLOCK_NAME")
        print(await block.connector("roundup/engineering").check())
        ```
    """

    _block_type_name = "Liaison Roundup"
    _block_type_slug = "roundup"
    _logo_url = HttpUrl("https://github.com/roundup-tracker.png")
    _documentation_url = HttpUrl("https://www.roundup-tracker.org/docs/rest.html")

    def connector(self, name: str) -> Roundup:
        """The open connection; close it with `aclose`."""
        return Roundup(name, self)
