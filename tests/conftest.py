"""Fixtures for every test."""

import gc

from hypothesis import HealthCheck, settings

from tests.databases import database, databases, empty_database, migrated_store, migrated_url
from tests.servers import postgres, prefect_client, prefect_server

__all__ = [
    "database",
    "databases",
    "empty_database",
    "migrated_store",
    "migrated_url",
    "postgres",
    "prefect_client",
    "prefect_server",
]

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_collection_finish() -> None:
    """All modules and tests are there to stay: a look through them at each full collection of garbage takes a tenth of
    the whole run."""
    gc.collect()
    gc.freeze()
