"""`make bench only=calls`: requests that Prefect's API answers for one incident, up to its page and until it is closed.

Counted in the server's own access log, on an idle system, from the ticket on. What comes by the clock, whether anything
happens or not, is counted by itself and left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from bench.result import Result, progress
from bench.sandbox import Sandbox, open_sandbox, until
from incidents.models import IncidentState
from incidents.store.cases import load_case

_LINE = re.compile(r'"(GET|POST|PATCH|PUT|DELETE) (\S+) HTTP')
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
BY_THE_CLOCK = (
    "/get_scheduled_flow_runs",
    "/workers/filter",
    "/workers/heartbeat",
    "/deployments/name/intake/intake",
    "/block_documents?offset=",
    "/flow_runs/filter",
)
"""The worker's poll, heartbeat and looks for cancellations; its and the gateway's looks whether all is well; the
gateway's reading of the saved connections."""
PATIENCE = 180.0
ACCESS_LOG = {"PREFECT_SERVER_LOGGING_LEVEL": "INFO"}


async def prefect_calls() -> Sequence[Result]:
    """One incident after another has been played, so that everything is imported and read."""
    async with open_sandbox(services=2, extra_env=ACCESS_LOG) as box:
        log = box.stack.home / "logs" / "prefect-server.log"
        await _incident(box, log)
        to_page, to_end = await _incident(box, log)
    for what, calls in (("page", to_page), ("closed", to_end)):
        progress(f"until {what}: {dict(calls.most_common())}")
    return [_result("prefect_calls_to_page", to_page), _result("prefect_calls_to_closed", to_end)]


def counted(log: str) -> Counter[str]:
    """Method and path of each request of an access log, but those by the clock; ids are one."""
    calls = (f"{method} {_ID.sub('ID', path)}" for method, path in _LINE.findall(log))
    return Counter(call for call in calls if not any(word in call for word in BY_THE_CLOCK))


def _calls_in(log: Path) -> Counter[str]:
    return counted(log.read_text("utf-8", "replace"))


async def _incident(box: Sandbox, log: Path) -> tuple[Counter[str], Counter[str]]:
    """What was asked until the telephone rang, and until all was over and nothing was under way."""
    await box.until_idle()
    service, pager = box.fresh_service(), box.world.pagerduty
    box.break_service(service)
    before, pages = _calls_in(log), len(pager.pages)

    async def is_paged() -> bool:
        return len(pager.pages) > pages

    box.write_tickets(service, 1)
    await until("a page", is_paged, PATIENCE)
    to_page = _calls_in(log) - before
    await box.until_idle()
    (incident,) = await box.incidents_of(service)
    page = box.page_of(incident)

    async def is_in(state: IncidentState) -> bool:
        async with box.database.transaction() as tx:
            return (await load_case(tx, incident)).incident.state is state

    pager.acknowledge(page, "Jane Doe")
    await until("it is acknowledged", lambda: is_in(IncidentState.ACKNOWLEDGED), PATIENCE)
    await box.until_idle()
    box.mend_service(service)
    pager.resolve(page, "Jane Doe")
    await until("it is closed", lambda: is_in(IncidentState.CLOSED), PATIENCE)
    await box.until_idle()
    return to_page, _calls_in(log) - before


def _result(name: str, calls: Counter[str]) -> Result:
    told = ", ".join(f"{count} {call}" for call, count in calls.most_common(5))
    return Result(name=name, value=calls.total(), unit="requests", ratio=None, against=f"most: {told}", n=1)
