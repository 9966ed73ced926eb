"""Alerta's settings, kept by Prefect."""

from __future__ import annotations

from prefect.blocks.core import Block
from pydantic import HttpUrl

from connectors.alerta.connector import Alerta
from connectors.alerta.settings import AlertaSettings


class AlertaBlock(Block, AlertaSettings):
    """Alerts of one Alerta server: told by a plugin in it, and looked at.

    Example:
        ```python
        from blocks.alerta import AlertaBlock

        block = AlertaBlock.load("BLOCK_NAME")
        connector = block.connector("alerta/main")
        ```
    """

    _block_type_name = "Liaison Alerta"
    _block_type_slug = "alerta"
    _logo_url = HttpUrl(
        "https://raw.githubusercontent.com/alerta/alerta/master/docs/images/alerta-logo-2.png"
    )
    _documentation_url = HttpUrl("https://docs.alerta.io/api/reference.html")

    def connector(self, name: str) -> Alerta:
        """The connection called `name`."""
        return Alerta(
            name, AlertaSettings(**{field: getattr(self, field) for field in AlertaSettings.model_fields})
        )
