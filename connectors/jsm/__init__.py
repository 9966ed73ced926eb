"""Jira Service Management, Cloud, as a helpdesk."""

from connectors.jsm.connector import ServiceManagement
from connectors.jsm.settings import ServiceManagementSettings

__all__ = ["ServiceManagement", "ServiceManagementSettings"]
