"""Help Scout's conversations as a helpdesk."""

from connectors.helpscout.connector import HelpScout
from connectors.helpscout.settings import HelpScoutSettings

__all__ = ["HelpScout", "HelpScoutSettings"]
