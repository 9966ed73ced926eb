"""Fixtures for every test."""

from hypothesis import HealthCheck, settings

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

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
