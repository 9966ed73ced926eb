"""Makes the database of PREFECT_SERVER_DATABASE_CONNECTION_URL ready for the installed Prefect: schema and block types.

    python -m deployments.machine.prefect_schema

A process of its own, as Prefect reads its settings on import. Nobody else may do it at the same time: of two servers
that started together on a database with no block types, one ended with exit code 3, or never answered and kept a core
busy (seen three times of three in Prefect 3.8.8). Perhaps both register the same types; since this does it before them,
it has not been seen.
"""

from __future__ import annotations

import asyncio

from anyio import to_thread
from prefect.server.database import provide_database_interface
from prefect.server.database.alembic_commands import alembic_upgrade
from prefect.server.models.block_registration import run_block_auto_registration


async def _main() -> None:
    # Prefect's own migrations ask for anyio's thread.
    await to_thread.run_sync(alembic_upgrade)
    database = provide_database_interface()
    async with await database.session() as session:
        await run_block_auto_registration(session=session)


if __name__ == "__main__":
    asyncio.run(_main())
