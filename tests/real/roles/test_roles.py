"""Any part of an installation dies while customers write: nothing is lost, nothing happens twice."""

from __future__ import annotations

import asyncio
from pathlib import Path
from signal import SIGKILL, SIGTERM

import pytest

from bench.kills import Drill, Outage
from bench.result import progress
from tests.real.roles.town import ALL_OF_IT_SECONDS, begin, judge_mail, open_town, outage_by_mail, who_ran

pytestmark = [
    pytest.mark.real,
    # Dovecot is on loopback.
    pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning"),
]

KILLS = (
    ("gateway-1", SIGKILL),
    ("worker-1", SIGKILL),
    ("api-1", SIGKILL),
    ("listener", SIGKILL),
    ("redis", SIGKILL),
    ("worker-2", SIGTERM),
    ("services", SIGKILL),
    ("gateway-2", SIGTERM),
    ("api-2", SIGTERM),
    ("worker-3", SIGKILL),
    ("nginx", SIGTERM),
)
"""A second between two; a part is back before the next one goes."""
OUTAGES = 4
TICKETS = 12


async def test_any_part_may_die(tmp_path: Path) -> None:
    """Killed and restarted in the midst of outages; each ticket and mail counts once, each outage rings once."""
    found = Drill()
    async with asyncio.timeout(ALL_OF_IT_SECONDS), open_town(tmp_path, OUTAGES) as town:
        box = town.sandbox
        outages = [Outage(box, box.fresh_service(), TICKETS // 3) for _ in range(OUTAGES)]
        by_mail = box.fresh_service()
        async with asyncio.TaskGroup() as group:
            group.create_task(outage_by_mail(town, by_mail))
            group.create_task(begin(outages, group, every=8))
            for name, number in KILLS:
                await town.site.end(name, number)
                progress(f"{name} is back; {sum(outage.is_over for outage in outages)} outages are over")
                await asyncio.sleep(1)
        await box.until_idle()
        for outage in outages:
            await outage.judge(found)
        found.faults += [f"never acknowledged: {body[:99]!r}" for body in box.world.zendesk.webhooks.failed]
        found.faults += await judge_mail(town, by_mail)
        processes = await who_ran(town.site)
        logs = {log.stem: log.read_text("utf-8", "replace") for log in town.site.home.glob("*.log")}
    assert found.faults == []
    assert found.tickets == OUTAGES * TICKETS
    assert len(processes) >= 3, "all three workers took part"
    assert [part for part, log in logs.items() if "localhost:6379" in log] == [], "Redis is elsewhere"
    assert not (tmp_path / "nothing").exists(), "a role keeps nothing"
