"""Jira, kept by Prefect."""

from __future__ import annotations

from prefect.blocks.core import Block
from pydantic import HttpUrl

from connectors.jira.connector import Jira
from connectors.jira.settings import JiraSettings


class JiraBlock(Block, JiraSettings):
    """A project of a Jira, Cloud or Data Center: issues for the lasting fix, comments below them, signed webhooks.

    Example:
        Open the connection and see who we are there:
        ```python
        from blocks.jira import JiraBlock

        block = JiraBlock.load("BLOCK_NAME")
        print(await block.connector("jira/shop").check())
        ```
    """

    _block_type_name = "Liaison Jira"
    _block_type_slug = "jira"
    _logo_url = HttpUrl("https://github.com/atlassian.png")
    _documentation_url = HttpUrl("https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/")

    def connector(self, name: str) -> Jira:
        """The open connection; close it with `aclose`."""
        return Jira(name, self)
