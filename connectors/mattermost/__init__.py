"""Mattermost as a chat room."""

from connectors.mattermost.connector import Mattermost
from connectors.mattermost.settings import MattermostSettings

__all__ = ["Mattermost", "MattermostSettings"]
