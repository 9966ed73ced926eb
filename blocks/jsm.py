"""Jira Service Management, kept by Prefect."""

from __future__ import annotations

from prefect.blocks.core import Block
from pydantic import HttpUrl

from connectors.jsm.connector import ServiceManagement
from connectors.jsm.settings import ServiceManagementSettings


class ServiceManagementBlock(Block, ServiceManagementSettings):
    """A service project of a Jira Service Management: requests, replies, internal notes and signed webhooks.

    Example:
        Open the connection and see who we are there:
        ```python
        from blocks.jsm import ServiceManagementBlock

        block = ServiceManagementBlock.load("BLOCK_NAME")
        print(await block.connector("jsm/support").check())
        ```
    """

    _block_type_name = "Liaison Jira Service Management"
    _block_type_slug = "jsm"
    _logo_url = HttpUrl("https://github.com/atlassian.png")
    _documentation_url = HttpUrl("https://developer.atlassian.com/cloud/jira/service-desk/rest/intro/")

    def connector(self, name: str) -> ServiceManagement:
        """The open connection; close it with `aclose`."""
        return ServiceManagement(name, self)
