"""A folder of catalogue files, kept by Prefect."""

from __future__ import annotations

from prefect.blocks.core import Block
from pydantic import HttpUrl

from connectors.catalogfile.connector import CatalogFile
from connectors.catalogfile.settings import CatalogFileSettings


class CatalogFileBlock(Block, CatalogFileSettings):
    """Who owns a service and what it stands on, out of `catalog-info.yaml` files.

    Example:
        ```python
        from blocks.catalogfile import CatalogFileBlock

        block = CatalogFileBlock.load("BLOCK_NAME")
        connector = block.connector("catalogfile/main")
        ```
    """

    _block_type_name = "Liaison catalogue files"
    _block_type_slug = "catalogfile"
    _logo_url = HttpUrl(
        "https://raw.githubusercontent.com/cncf/artwork/main/projects/backstage/icon/color/backstage-icon-color.png"
    )
    _documentation_url = HttpUrl("https://backstage.io/docs/features/software-catalog/descriptor-format")

    def connector(self, name: str) -> CatalogFile:
        """The connection called `name`."""
        return CatalogFile(
            name,
            CatalogFileSettings(
                **{field: getattr(self, field) for field in CatalogFileSettings.model_fields}
            ),
        )
