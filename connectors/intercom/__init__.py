"""Intercom's conversations and tickets as a helpdesk."""

from connectors.intercom.connector import Intercom
from connectors.intercom.settings import IntercomSettings

__all__ = ["Intercom", "IntercomSettings"]
