"""GitHub, kept by Prefect."""

from __future__ import annotations

from prefect.blocks.core import Block
from pydantic import HttpUrl

from connectors.github.connector import GitHub
from connectors.github.settings import GitHubSettings


class GitHubBlock(Block, GitHubSettings):
    """A repository at GitHub: issues for the lasting fix, comments below them, signed webhooks.

    Example:
        Open the connection and see who we are there:
        ```python
        from blocks.github import GitHubBlock

        block = GitHubBlock.load("BLOCK_NAME")
        print(await block.connector("github/shop").check())
        ```
    """

    _block_type_name = "Liaison GitHub"
    _block_type_slug = "github"
    _logo_url = HttpUrl("https://github.com/github.png")
    _documentation_url = HttpUrl("https://docs.github.com/en/rest/issues")

    def connector(self, name: str) -> GitHub:
        """The open connection; close it with `aclose`."""
        return GitHub(name, self)
