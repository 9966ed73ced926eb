"""Reports with their files, kept to be downloaded. A report made again has new files under its old addresses."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.report_file import ReportFile, can_be_name
from incidents.store.schema.tables import report_files, reports

KEPT_FOR = timedelta(days=400)
"""Older reports are deleted with their files when a new one is made: a year, to compare with the last one's."""

_TOKEN_BYTES = 24
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")


async def save_report(tx: AsyncConnection, name: str, files: Sequence[ReportFile], *, now: datetime) -> str:
    """Keep these files, and none of those of an earlier making. Returns the token that opens them, always the same.

    Reports that are older than `KEPT_FOR` go.
    """
    found = await tx.execute(
        insert(reports)
        .values(name=name, token=secrets.token_urlsafe(_TOKEN_BYTES), made_at=now)
        .on_conflict_do_update(index_elements=["name"], set_={"made_at": now})
        .returning(reports.c.token)
    )
    token = str(found.scalar_one())
    await tx.execute(delete(reports).where(reports.c.made_at < now - KEPT_FOR))
    await tx.execute(delete(report_files).where(report_files.c.report == name))
    rows = [
        {"report": name, "name": file.name, "media_type": file.media_type, "content": file.content}
        for file in files
    ]
    if rows:
        await tx.execute(report_files.insert(), rows)
    return token


def can_be_file(token: str, name: str) -> bool:
    """Whether there could be such a file: what cannot be need not be looked for."""
    return _TOKEN.fullmatch(token) is not None and can_be_name(name)


async def read_report_file(tx: AsyncConnection, token: str, name: str) -> ReportFile | None:
    """The file of this name of the report that the token opens, or None. Its title is not kept; it has its name."""
    found = await tx.execute(
        select(report_files.c.name, report_files.c.media_type, report_files.c.content)
        .join(reports, reports.c.name == report_files.c.report)
        .where(reports.c.token == token, report_files.c.name == name)
    )
    row = found.one_or_none()
    if row is None:
        return None
    return ReportFile(name=row.name, title=row.name, media_type=row.media_type, content=row.content)
