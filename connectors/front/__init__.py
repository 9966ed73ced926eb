"""Front's conversations as a helpdesk."""

from connectors.front.connector import Front
from connectors.front.settings import FrontSettings

__all__ = ["Front", "FrontSettings"]
