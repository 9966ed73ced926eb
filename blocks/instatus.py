"""Instatus, kept by Prefect."""

from __future__ import annotations

from prefect.blocks.core import Block
from pydantic import HttpUrl

from connectors.instatus.connector import Instatus
from connectors.instatus.settings import InstatusSettings
from incidents.public_incident import StatusRecord


class InstatusBlock(Block, InstatusSettings):
    """A page at Instatus: public incidents, what is said about them, the components they hit.

    Example:
        ```python
        from blocks.instatus import InstatusBlock

        block = InstatusBlock.load("BLOCK_NAME")
        print(block.page_id)
        ```
    """

    _block_type_name = "Liaison Instatus"
    _block_type_slug = "instatus"
    _logo_url = HttpUrl("https://github.com/instatushq.png")
    _documentation_url = HttpUrl("https://instatus.com/help/api")

    def connector_from(self, name: str, record: StatusRecord) -> Instatus:
        """The open connection, with what it says kept in this record; close it with `aclose`."""
        return Instatus(name, self, record=record)
