"""Alertmanager as a source of alerts, a probe, and a runner of silences."""

from connectors.alertmanager.connector import Alertmanager
from connectors.alertmanager.settings import AlertmanagerSettings

__all__ = ["Alertmanager", "AlertmanagerSettings"]
