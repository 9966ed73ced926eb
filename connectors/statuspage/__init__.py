"""Atlassian Statuspage: a status page kept by its vendor."""

from connectors.statuspage.connector import AtlassianStatuspage
from connectors.statuspage.settings import StatuspageSettings

__all__ = ["AtlassianStatuspage", "StatuspageSettings"]
