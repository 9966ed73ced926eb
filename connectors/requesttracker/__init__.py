"""Request Tracker (RT) as a helpdesk: by REST 2, and by a scrip that tells of every transaction."""

from connectors.requesttracker.connector import RequestTracker
from connectors.requesttracker.settings import RequestTrackerSettings

__all__ = ["RequestTracker", "RequestTrackerSettings"]
