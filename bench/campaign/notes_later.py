"""The control of the worker's drill: it calls the vendor, and then notes that it has; the next start repeats the rest.

    python -m bench.campaign.notes_later

So does every task that is simply retried. It never loses a message.
"""

from __future__ import annotations

import asyncio
import os

import httpx
from sqlalchemy import text

from incidents.store.database import Database


async def main() -> None:
    store = Database(os.environ["BENCH_DATABASE_URL"])
    async with store.transaction() as tx:
        rows = await tx.execute(text("select id from jobs where not is_done order by id"))
        jobs = list(rows.scalars())
    async with httpx.AsyncClient(base_url=os.environ["BENCH_VENDOR"], trust_env=False) as http:
        for job in jobs:
            (await http.post(f"/{job}")).raise_for_status()
            async with store.transaction() as tx:
                await tx.execute(text("update jobs set is_done = true where id = :id"), {"id": job})
    await store.aclose()


if __name__ == "__main__":
    asyncio.run(main())
