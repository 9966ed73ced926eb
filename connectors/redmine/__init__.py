"""Redmine as an issue tracker or as a helpdesk: by its REST API, polled, since it has no webhooks of its own."""

from connectors.redmine.connector import Redmine
from connectors.redmine.helpdesk.connector import RedmineHelpdesk
from connectors.redmine.settings import RedmineSettings

__all__ = ["Redmine", "RedmineHelpdesk", "RedmineSettings"]
