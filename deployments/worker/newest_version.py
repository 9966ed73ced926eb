"""Whether a newer version has registered here: then an older one, brought back or not yet gone, takes nothing away.

What an older version does not know are the settings, secrets and deployments that the newer one needs when it is back.
"""

from __future__ import annotations

from prefect.client.orchestration import PrefectClient

from deployments.worker.remembered import RegisteredBefore
from incidents.store.migrate import known_schemas

_SCHEMA = "schema"


async def a_newer_one_has_registered(client: PrefectClient, variable: str) -> bool:
    """By the store's schema, which each version that changes what is kept moves on. Where none has, ours is remembered
    as the newest in this Prefect variable."""
    memory = await RegisteredBefore.read(client, variable)
    newest, known = memory.values.get(_SCHEMA), known_schemas()
    if newest is not None and newest not in known:
        return True
    await memory.write(client, {_SCHEMA: known[0]})
    return False
