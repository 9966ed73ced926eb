"""What most tests of the store start from."""

from __future__ import annotations

import pytest

from incidents.models import Incident
from incidents.store.database import Database
from tests.incidents.store.examples import new_incident


@pytest.fixture
async def incident(database: Database) -> Incident:
    """INC-1: reported, and due for validation."""
    async with database.transaction() as tx:
        return await new_incident(tx)
