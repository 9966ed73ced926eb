"""Zendesk Support: tickets in, replies and notes out, signed webhooks."""

from connectors.zendesk.connector import Zendesk
from connectors.zendesk.settings import ZendeskSettings

__all__ = ["Zendesk", "ZendeskSettings"]
