"""A Prefect API and its deployments, kept by Prefect."""

from __future__ import annotations

from prefect.blocks.core import Block
from pydantic import HttpUrl

from connectors.prefect.connector import PrefectActions
from connectors.prefect.settings import PrefectSettings


class PrefectBlock(Block, PrefectSettings):
    """A team's own Prefect deployments as remedies.

    Example:
        ```python
        from blocks.prefect import PrefectBlock

        block = PrefectBlock.load("BLOCK_NAME")
        connector = block.connector("prefect/platform")
        ```
    """

    _block_type_name = "Liaison deployments"
    _block_type_slug = "prefect"
    _logo_url = HttpUrl(
        "https://raw.githubusercontent.com/PrefectHQ/prefect/420d0d6a78bb6df1fc18bcf188fdad43c1d22ea9/assets/block-logos/webhook.png"
    )
    _documentation_url = HttpUrl("https://docs.prefect.io/v3/concepts/deployments")

    def connector(self, name: str) -> PrefectActions:
        """The connection called `name`."""
        return PrefectActions(
            name,
            PrefectSettings(**{field: getattr(self, field) for field in PrefectSettings.model_fields}),
        )
