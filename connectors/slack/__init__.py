"""Slack: a room for every incident, commands and buttons back."""

from connectors.slack.connector import Slack
from connectors.slack.settings import SlackSettings

__all__ = ["Slack", "SlackSettings"]
