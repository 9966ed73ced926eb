"""Instatus: a status page kept by its vendor."""

from connectors.instatus.connector import Instatus
from connectors.instatus.settings import InstatusSettings

__all__ = ["Instatus", "InstatusSettings"]
