"""Plain HTTP: signed JSON webhooks in, health looks and actions out, for whatever has no connector yet."""

from connectors.http.connector import Http
from connectors.http.settings import HttpSettings

__all__ = ["Http", "HttpSettings"]
