"""Prometheus' settings, kept by Prefect."""

from __future__ import annotations

from prefect.blocks.core import Block
from pydantic import HttpUrl

from connectors.prometheus.connector import Prometheus
from connectors.prometheus.settings import PrometheusSettings


class PrometheusBlock(Block, PrometheusSettings):
    """Whether a service fails for customers, by a number of Prometheus.

    Example:
        ```python
        from blocks.prometheus import PrometheusBlock

        block = PrometheusBlock.load("BLOCK_NAME")
        connector = block.connector("prometheus/main")
        ```
    """

    _block_type_name = "Liaison Prometheus"
    _block_type_slug = "prometheus"
    _logo_url = HttpUrl(
        "https://raw.githubusercontent.com/cncf/artwork/main/projects/prometheus/icon/color/prometheus-icon-color.png"
    )
    _documentation_url = HttpUrl("https://prometheus.io/docs/prometheus/latest/querying/api/")

    def connector(self, name: str) -> Prometheus:
        """The connection called `name`."""
        return Prometheus(
            name,
            PrometheusSettings(**{field: getattr(self, field) for field in PrometheusSettings.model_fields}),
        )
