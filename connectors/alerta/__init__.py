"""Alerta as a source of alerts and a probe."""

from connectors.alerta.connector import Alerta
from connectors.alerta.settings import AlertaSettings

__all__ = ["Alerta", "AlertaSettings"]
