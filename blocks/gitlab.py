"""GitLab, kept by Prefect."""

from __future__ import annotations

from prefect.blocks.core import Block
from pydantic import HttpUrl

from connectors.gitlab.connector import GitLab
from connectors.gitlab.settings import GitLabSettings


class GitLabBlock(Block, GitLabSettings):
    """A project at GitLab: issues for the lasting fix, internal notes below them, webhooks.

    Example:
        Open the connection and see who we are there:
        ```python
        from blocks.gitlab import GitLabBlock

        block = GitLabBlock.load("BLOCK_NAME")
        print(await block.connector("gitlab/shop").check())
        ```
    """

    _block_type_name = "Liaison GitLab"
    _block_type_slug = "gitlab"
    _logo_url = HttpUrl("https://github.com/gitlabhq.png")
    _documentation_url = HttpUrl("https://docs.gitlab.com/api/issues/")

    def connector(self, name: str) -> GitLab:
        """The open connection; close it with `aclose`."""
        return GitLab(name, self)
