"""Opsgenie's settings, kept by Prefect."""

from __future__ import annotations

from prefect.blocks.core import Block
from pydantic import HttpUrl

from connectors.opsgenie import Opsgenie, OpsgenieSettings


class OpsgenieBlock(Block, OpsgenieSettings):
    """Pages the people on call and hears what becomes of the page, until Opsgenie ends in April 2027.

    Example:
        ```python
        from blocks.opsgenie import OpsgenieBlock

        block = OpsgenieBlock.load("BLOCK_NAME")
        opsgenie = block.connector("opsgenie/main")
        ```
    """

    _block_type_name = "Liaison Opsgenie"
    _block_type_slug = "opsgenie"
    _logo_url = HttpUrl("https://github.com/atlassian.png")
    _documentation_url = HttpUrl("https://docs.opsgenie.com/docs/alert-api")

    def connector(self, name: str) -> Opsgenie:
        """The connection called `name`."""
        return Opsgenie(name, self)
