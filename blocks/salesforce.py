"""Salesforce, kept by Prefect."""

from __future__ import annotations

from prefect.blocks.core import Block
from pydantic import HttpUrl

from connectors.salesforce.connector import Salesforce
from connectors.salesforce.settings import SalesforceSettings


class SalesforceBlock(Block, SalesforceSettings):
    """A Salesforce organization: cases with their comments and mails, contacts, and outbound messages.

    Example:
        Open the connection and see who we are there:
        ```python
        from blocks.salesforce import SalesforceBlock

        block = SalesforceBlock.load("BLOCK_NAME")
        print(await block.connector("salesforce/support").check())
        ```
    """

    _block_type_name = "Liaison Salesforce"
    _block_type_slug = "salesforce"
    _logo_url = HttpUrl("https://github.com/salesforce.png")
    _documentation_url = HttpUrl("https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/")

    def connector(self, name: str) -> Salesforce:
        """The open connection; close it with `aclose`."""
        return Salesforce(name, self)
