"""Jira, Cloud or Data Center, as an issue tracker."""

from connectors.jira.connector import Jira
from connectors.jira.settings import JiraSettings

__all__ = ["Jira", "JiraSettings"]
