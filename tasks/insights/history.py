"""The history that models learn from, read from the store."""

from __future__ import annotations

import pandas as pd

from insights.registry import trained_of
from tasks import resources
from tasks.retries import STORE_CALL
from tasks.runs import task


@task(name="gather history", task_run_name="gather history of {kind}", **STORE_CALL)
async def gather_history(kind: str) -> pd.DataFrame:
    """As far back as the policy's `insights.history` says. Raises `UnusableHistory`."""
    insight = trained_of(kind)
    basis = resources.basis()
    return await insight.history(resources.database(), basis)
