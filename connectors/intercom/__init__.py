"""Intercom's conversations as a helpdesk."""

from connectors.intercom.connector import Intercom
from connectors.intercom.settings import IntercomSettings

__all__ = ["Intercom", "IntercomSettings"]
