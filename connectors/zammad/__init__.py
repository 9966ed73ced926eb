"""Zammad as a helpdesk."""

from connectors.zammad.connector import Zammad
from connectors.zammad.settings import ZammadSettings

__all__ = ["Zammad", "ZammadSettings"]
