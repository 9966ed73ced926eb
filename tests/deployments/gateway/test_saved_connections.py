"""Reading the connections from Prefect."""

from __future__ import annotations

import pytest

from blocks.catalogue import BLOCKS
from deployments.gateway.saved_connections import read_saved
from tests.deployments.gateway.prefect_api import PrefectApi
from tests.deployments.gateway.vendors import SETTINGS


@pytest.mark.parametrize("vendor", BLOCKS)
async def test_a_type_prefect_does_not_know_yet_has_no_connections_and_hides_no_others(vendor: str) -> None:
    """It is no sign that Prefect is away: what is saved of the other types must be served."""
    prefect = PrefectApi(SETTINGS)
    prefect.unregistered.add(vendor)
    async with prefect.connect() as client:
        found = await read_saved(client)
    assert set(found) == {name for name in SETTINGS if not name.startswith(f"{vendor}/")}
