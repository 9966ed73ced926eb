"""Icinga 2's settings, kept by Prefect."""

from __future__ import annotations

from typing import ClassVar

from prefect.blocks.core import Block
from pydantic import HttpUrl

from connectors.icinga2 import Icinga2, Icinga2Settings


class Icinga2Block(Block, Icinga2Settings):
    """An Icinga 2: whether services fail by its checks, what fires, acknowledgements and downtimes.

    Example:
        ```python
        from blocks.icinga2 import Icinga2Block

        block = Icinga2Block.load("BLOCK_NAME")
        icinga = block.connector("icinga2/main")
        ```
    """

    _block_type_name: ClassVar[str | None] = "Liaison Icinga 2"
    _block_type_slug: ClassVar[str | None] = "icinga2"
    _logo_url: ClassVar[HttpUrl | None] = HttpUrl("https://github.com/Icinga.png")
    _documentation_url: ClassVar[HttpUrl | None] = HttpUrl(
        "https://icinga.com/docs/icinga-2/latest/doc/12-icinga2-api/"
    )

    def connector(self, name: str) -> Icinga2:
        """The connection called `name`; nothing is sent yet."""
        return Icinga2(name, self)
