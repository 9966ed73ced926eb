"""Looking after status pages: what was published and is lost is shown again."""

from __future__ import annotations

from incidents.status_page import StatusPage
from tasks import resources
from tasks.retries import OUTSIDE_CALL
from tasks.runs import task


@task(name="restore status page", task_run_name="restore {connection}", **OUTSIDE_CALL)
async def restore_status_page(connection: str) -> bool:
    """True if anything had to be mended."""
    page = await resources.connect(connection, StatusPage)
    return await page.restore()
