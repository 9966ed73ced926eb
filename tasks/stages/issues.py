"""Reading how issues for lasting fixes stand, and telling it where it has changed."""

from __future__ import annotations

from collections.abc import Sequence

from incidents.case import Entry, EntryKind
from incidents.errors import Busy, LiaisonError, NotAllowed, NotFound, StoreFault, Unreachable
from incidents.ports import IssueTracker
from incidents.store.issues import KnownIssue, issues_to_read, record_key, record_status, record_tries
from incidents.store.timeline import append_entries
from incidents.texts.plain_text import cut, one_line
from incidents.texts.team import team_reads, worded
from tasks import resources
from tasks.retries import OUTSIDE_CALL
from tasks.runs import task

_LONGEST_WORD = 80


@task(name="read issues", **OUTSIDE_CALL)
async def read_issues(named: Sequence[tuple[str, str]] | None = None) -> list[LiaisonError]:
    """Each that is not done, once; returns what went wrong with some. `named`: of these only, by connection and key.

    A tracker that does not answer is asked once, and what could not be read goes behind all others: neither time nor
    places are lost to it.
    """
    async with resources.transaction() as step:
        known, begun = await issues_to_read(step.connection, named=named), step.now
    failures: list[LiaisonError] = []
    away: set[str] = set()
    for issue in known:
        if issue.connection in away:
            continue
        try:
            try:
                with team_reads(resources.policy().language.team):
                    await _read(issue)
            except StoreFault:
                raise
            except LiaisonError as error:
                failures.append(error)
                skipped: list[KnownIssue] = []
                if isinstance(error, Unreachable | Busy):
                    away.add(issue.connection)
                    skipped = [one for one in known if one.connection == issue.connection]
                async with resources.transaction() as step:
                    # The one that was tried goes behind those that were not.
                    await record_tries(step.connection, skipped, at=begun)
                    await record_tries(step.connection, [issue], at=step.now)
        except StoreFault as error:
            return [*failures, error]
    return failures


async def _read(issue: KnownIssue) -> None:
    tracker = await _tracker(issue.connection)
    try:
        found = await tracker.read(issue.key)
    except NotFound:
        text = worded(
            "The issue {key} at {connection} is gone: nobody knows of the lasting fix",
            key=issue.key,
            connection=issue.connection,
        )
        await _write(issue, "gone", is_done=True, text=text)
        return
    if found.key != issue.key:
        async with resources.transaction() as step:
            issue = await record_key(step.connection, issue, found.key)
    status = cut(one_line(found.status), _LONGEST_WORD)
    text = worded(
        "The issue {key} at {connection} is '{status}' now",
        key=found.key,
        connection=issue.connection,
        status=status,
    )
    if found.is_closed:
        text = worded(
            "The fix is done: the issue {key} at {connection} is '{status}'",
            key=found.key,
            connection=issue.connection,
            status=status,
        )
    is_news = bool(issue.status) and status != issue.status
    await _write(issue, status, is_done=found.is_closed, text=text if is_news or found.is_closed else None)


async def _tracker(connection: str) -> IssueTracker:
    try:
        return await resources.connect(connection, IssueTracker)
    except NotFound as error:
        # The connection is not saved: that says nothing about the issue.
        raise NotAllowed(str(error)) from error


async def _write(issue: KnownIssue, status: str, *, is_done: bool, text: str | None) -> None:
    async with resources.transaction() as step:
        is_written = await record_status(step.connection, issue, status, is_done=is_done, now=step.now)
        if is_written and text is not None:
            await append_entries(step, issue.incident_id, [Entry(kind=EntryKind.ISSUE_MOVED, text=text)])
