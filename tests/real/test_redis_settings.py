"""All that Prefect's servers keep in Redis is kept in ours: each client that `prefect-redis` makes is told where."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.docs.documents import PROJECT
from tests.real.programs import cached_program

pytestmark = pytest.mark.real

# As a server starts; then every settings class of the package that has an address is asked for it.
PROGRAM = """
import os, pkgutil, importlib
from deployments.machine.server_role import ServerPart, server_role
role = server_role(ServerPart.SERVICES, host="127.0.0.1", port=4200, environ=os.environ)
os.environ.update(role.settings)
import prefect_redis
from prefect.settings.base import PrefectBaseSettings
for module in pkgutil.iter_modules(prefect_redis.__path__):
    found = importlib.import_module(f"prefect_redis.{module.name}")
    for one in vars(found).values():
        if isinstance(one, type) and issubclass(one, PrefectBaseSettings) and "url" in one.model_fields:
            print(one.__name__, one().url)
"""


def test_no_client_looks_for_redis_on_localhost():
    url = "redis://redis.example:6390/3"
    environ = {
        **os.environ,
        "PYTHONPATH": str(cached_program("prefect-redis", "")),
        "LIAISON_REDIS_URL": url,
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": "postgresql://prefect@db.example/prefect",
    }
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", PROGRAM], cwd=PROJECT, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    told = dict(line.split() for line in done.stdout.splitlines())
    assert told == {"RedisMessagingSettings": url, "RedisWorkerCleanupQueueSettings": url}
