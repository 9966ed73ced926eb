"""HubSpot's CRM tickets as a helpdesk."""

from connectors.hubspot.connector import HubSpot
from connectors.hubspot.settings import HubSpotSettings

__all__ = ["HubSpot", "HubSpotSettings"]
