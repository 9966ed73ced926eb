"""Fixtures for every test."""

from tests.databases import database, databases, empty_database, migrated_url
from tests.servers import postgres, prefect_client, prefect_server

__all__ = [
    "database",
    "databases",
    "empty_database",
    "migrated_url",
    "postgres",
    "prefect_client",
    "prefect_server",
]
