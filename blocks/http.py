"""Plain HTTP's settings, kept by Prefect."""

from __future__ import annotations

from prefect.blocks.core import Block
from pydantic import HttpUrl

from connectors.http.connector import Http
from connectors.http.outbound.two_way import open_http
from connectors.http.settings import HttpSettings


class HttpBlock(Block, HttpSettings):
    """Signed webhooks in, health looks and actions out, for a system that has no connector of its own.

    Example:
        ```python
        from blocks.http import HttpBlock

        block = HttpBlock.load("BLOCK_NAME")
        connector = block.connector("http/shop-health")
        ```
    """

    _block_type_name = "Liaison HTTP"
    _block_type_slug = "http"
    _logo_url = HttpUrl(
        "https://raw.githubusercontent.com/PrefectHQ/prefect/420d0d6a78bb6df1fc18bcf188fdad43c1d22ea9/assets/block-logos/webhook.png"
    )
    _documentation_url = HttpUrl("https://www.standardwebhooks.com/")

    def connector(self, name: str) -> Http:
        """The connection called `name`."""
        return open_http(
            name, HttpSettings(**{field: getattr(self, field) for field in HttpSettings.model_fields})
        )
