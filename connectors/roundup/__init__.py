"""Roundup as an issue tracker: by its REST API, polled, with a condition on each change."""

from connectors.roundup.connector import Roundup
from connectors.roundup.settings import RoundupSettings

__all__ = ["Roundup", "RoundupSettings"]
