"""Redmine as an issue tracker: by its REST API, polled, since it has no webhooks of its own."""

from connectors.redmine.connector import Redmine
from connectors.redmine.settings import RedmineSettings

__all__ = ["Redmine", "RedmineSettings"]
