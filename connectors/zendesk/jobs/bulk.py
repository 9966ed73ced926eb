"""One change on many tickets: Zendesk's `update_many` jobs, started in hundreds and followed to their end.

https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#update-many-tickets takes up to 100 ids
and answers with a job; at most 30 jobs of an account wait or run at once (rate limits, "Job limit").
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from connectors.kit.fields import record
from connectors.zendesk.calls import Call
from connectors.zendesk.jobs.mapping import outcomes_from
from incidents.errors import Busy, LiaisonError, NotAllowed, NotFound, Refused, Unknown, Unreachable
from incidents.models import ChangeOutcome, TicketOutcome

BULK = 100
JOBS_AT_ONCE = 25
"""Of the thirty that Zendesk takes of an account: the rest is for agents who change many tickets by hand."""


class BulkUpdate:
    """`wait_seconds` bounds how long a started job is followed; `poll_seconds` is between two looks."""

    def __init__(self, call: Call, *, wait_seconds: float, poll_seconds: float) -> None:
        self._call = call
        self._wait_seconds = wait_seconds
        self._poll_seconds = poll_seconds

    async def update(self, ids: Sequence[str], body: Any) -> list[TicketOutcome]:
        """An outcome for each id. Raises only when nothing at all is known to have been done."""
        chunks = [ids[start : start + BULK] for start in range(0, len(ids), BULK)]
        places = asyncio.Semaphore(JOBS_AT_ONCE)

        async def run(chunk: Sequence[str]) -> list[TicketOutcome] | LiaisonError:
            async with places:
                try:
                    return await self._run(chunk, body)
                except LiaisonError as error:
                    return error

        results = await asyncio.gather(*(run(chunk) for chunk in chunks))
        failures = [result for result in results if isinstance(result, LiaisonError)]
        if failures and len(failures) == len(results):
            # "May have been done" outweighs every "surely not done".
            raise next((error for error in failures if isinstance(error, Unknown)), failures[0])
        outcomes: list[TicketOutcome] = []
        for chunk, result in zip(chunks, results, strict=True):
            outcomes += (
                _all(chunk, ChangeOutcome.UNKNOWN, str(result))
                if isinstance(result, LiaisonError)
                else result
            )
        return outcomes

    async def _run(self, ids: Sequence[str], body: Any) -> list[TicketOutcome]:
        try:
            started = await self._call(
                "PUT",
                "tickets/update_many.json",
                params={"ids": ",".join(ids)},
                json=body,
                is_repeatable=False,
            )
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            return _all(ids, ChangeOutcome.REFUSED, str(error))
        job = _job(started)
        if job is None:
            return _all(ids, ChangeOutcome.UNKNOWN, "zendesk PUT tickets/update_many: no job in the answer")
        return await self._follow(job, ids)

    async def _follow(self, job: dict[str, Any], ids: Sequence[str]) -> list[TicketOutcome]:
        """From here on the work is Zendesk's, so no failure to look may pass for "not done"."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self._wait_seconds
        last = ""
        while not _is_over(job):
            wait = self._poll_seconds
            try:
                job = _job(await self._call("GET", f"job_statuses/{job['id']}.json")) or job
            except Busy as error:
                wait, last = max(wait, error.retry_after), str(error)
            except Unreachable as error:
                last = str(error)
            except LiaisonError as error:
                return _all(ids, ChangeOutcome.UNKNOWN, str(error))
            if _is_over(job):
                break
            if loop.time() + wait > end:
                return _all(ids, ChangeOutcome.UNKNOWN, f"job {job['id']} not over in time {last}".rstrip())
            await asyncio.sleep(wait)
        return outcomes_from(job, ids)


def _job(data: Any) -> dict[str, Any] | None:
    job = record(record(data).get("job_status"))
    return job if str(job.get("id") or "").isalnum() else None


def _is_over(job: dict[str, Any]) -> bool:
    return job.get("status") in ("completed", "failed", "killed")


def _all(ids: Sequence[str], outcome: ChangeOutcome, detail: str) -> list[TicketOutcome]:
    return [TicketOutcome(id=ticket, outcome=outcome, detail=detail) for ticket in ids]
