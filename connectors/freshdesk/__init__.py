"""Freshdesk as a helpdesk."""

from connectors.freshdesk.connector import Freshdesk
from connectors.freshdesk.settings import FreshdeskSettings

__all__ = ["Freshdesk", "FreshdeskSettings"]
