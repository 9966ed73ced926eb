"""A status page of our own: its settings, kept by Prefect."""

from __future__ import annotations

from prefect.blocks.core import Block
from pydantic import HttpUrl

from connectors.staticpage.connector import StaticPage
from connectors.staticpage.settings import StaticPageSettings
from incidents.public_incident import StatusRecord


class StaticPageBlock(Block, StaticPageSettings):
    """A status page of static files in a folder, written by Liaison.

    Example:
        ```python
        from blocks.staticpage import StaticPageBlock

        block = StaticPageBlock.load("BLOCK_NAME")
        print(block.folder)
        ```
    """

    _block_type_name = "Liaison status page"
    _block_type_slug = "staticpage"
    _logo_url = HttpUrl("https://github.com/PrefectHQ.png")
    _documentation_url = HttpUrl("https://www.rfc-editor.org/rfc/rfc4287")

    def connector_from(self, name: str, record: StatusRecord) -> StaticPage:
        """The connection called `name`, with what it says kept in this record."""
        return StaticPage(
            name,
            StaticPageSettings(**{field: getattr(self, field) for field in StaticPageSettings.model_fields}),
            record=record,
        )
