"""Linear, kept by Prefect."""

from __future__ import annotations

from prefect.blocks.core import Block
from pydantic import HttpUrl

from connectors.linear.connector import LinearIssues
from connectors.linear.settings import LinearSettings


class LinearBlock(Block, LinearSettings):
    """A team at Linear: issues for the lasting fix, comments below them, webhooks.

    Example:
        Open the connection and see who we are there:
        ```python
        from blocks.linear import LinearBlock

        block = LinearBlock.load("BLOCK_NAME")
        print(await block.connector("linear/eng").check())
        ```
    """

    _block_type_name = "Liaison Linear"
    _block_type_slug = "linear"
    _logo_url = HttpUrl("https://github.com/linear.png")
    _documentation_url = HttpUrl("https://linear.app/developers/graphql")

    def connector(self, name: str) -> LinearIssues:
        """The open connection; close it with `aclose`."""
        return LinearIssues(name, self)
