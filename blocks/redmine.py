"""Redmine, kept by Prefect."""

from __future__ import annotations

from prefect.blocks.core import Block
from pydantic import HttpUrl

from connectors.redmine.connector import Redmine
from connectors.redmine.helpdesk.connector import RedmineHelpdesk
from connectors.redmine.settings import RedmineSettings


class RedmineBlock(Block, RedmineSettings):
    """A project of a Redmine: issues for the lasting fix, with private notes; or, by `serves`, customers' tickets.

    Example:
        Open the connection and see who we are there:
        ```python
        from blocks.redmine import RedmineBlock

        block = RedmineBlock.load("BLOCK_NAME")
        print(await block.connector("redmine/engineering").check())
        ```
    """

    _block_type_name = "Liaison Redmine"
    _block_type_slug = "redmine"
    _logo_url = HttpUrl("https://github.com/redmine.png")
    _documentation_url = HttpUrl("https://www.redmine.org/projects/redmine/wiki/Rest_api")

    def connector(self, name: str) -> Redmine | RedmineHelpdesk:
        """The open connection; close it with `aclose`."""
        return RedmineHelpdesk(name, self) if self.serves == "customers" else Redmine(name, self)
