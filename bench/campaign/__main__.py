"""Some rows of the campaign, written into docs/reliability.md like all of them.

python -m bench.campaign small|full [NAME ...]
"""

from __future__ import annotations

import asyncio
import sys

from bench.campaign.row import Size
from bench.campaign.run import DRILLS, campaign


async def main() -> None:
    size, *names = sys.argv[1:] or [""]
    if size not in list(Size) or set(names) - set(DRILLS):
        sys.exit(f"usage: python -m bench.campaign {'|'.join(Size)} [{'|'.join(DRILLS)} ...]")
    async for result in campaign(Size(size), *names):
        print(result, flush=True)


if __name__ == "__main__":
    asyncio.run(main())
