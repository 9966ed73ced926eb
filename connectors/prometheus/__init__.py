"""Prometheus as a judge of impact: a number for each service, by PromQL."""

from connectors.prometheus.connector import Prometheus
from connectors.prometheus.settings import PrometheusSettings

__all__ = ["Prometheus", "PrometheusSettings"]
