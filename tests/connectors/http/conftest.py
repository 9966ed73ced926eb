"""The fake service and a connection to it."""

from __future__ import annotations

import pytest

from connectors.http.fake.app import FakeService, Remedy

BASE = "http://localhost"
TOKEN = "token-of-the-actions-under-test"


@pytest.fixture
def service() -> FakeService:
    remedies = {"restart": Remedy.MENDS, "flush": Remedy.SUCCEEDS, "rollback": Remedy.FAILS}
    return FakeService(token=TOKEN, remedies=remedies, slow_seconds=60.0)
