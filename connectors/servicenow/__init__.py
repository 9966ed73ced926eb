"""ServiceNow as a helpdesk: incidents, or customers' cases."""

from connectors.servicenow.connector import ServiceNowHelpdesk
from connectors.servicenow.settings import ServiceNowSettings

__all__ = ["ServiceNowHelpdesk", "ServiceNowSettings"]
