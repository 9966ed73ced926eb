"""Alertmanager's settings, kept by Prefect."""

from __future__ import annotations

from prefect.blocks.core import Block
from pydantic import HttpUrl

from connectors.alertmanager.connector import Alertmanager
from connectors.alertmanager.settings import AlertmanagerSettings


class AlertmanagerBlock(Block, AlertmanagerSettings):
    """Alerts of one Alertmanager: told by its webhooks, looked at, and silenced where somebody approves it.

    Example:
        ```python
        from blocks.alertmanager import AlertmanagerBlock

        block = AlertmanagerBlock.load("BLOCK_NAME")
        connector = block.connector("alertmanager/main")
        ```
    """

    _block_type_name = "Liaison Alertmanager"
    _block_type_slug = "alertmanager"
    _logo_url = HttpUrl(
        "https://raw.githubusercontent.com/cncf/artwork/main/projects/prometheus/icon/color/prometheus-icon-color.png"
    )
    _documentation_url = HttpUrl("https://prometheus.io/docs/alerting/latest/alertmanager/")

    def connector(self, name: str) -> Alertmanager:
        """The connection called `name`."""
        return Alertmanager(
            name,
            AlertmanagerSettings(
                **{field: getattr(self, field) for field in AlertmanagerSettings.model_fields}
            ),
        )
