"""Drift: what the models in use said against what became of it, and the world now against what they learnt."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import pandas as pd

from insights.registry import insights, subject_of, trained_of
from insights.store.models import StoredModel, champion
from insights.store.predictions import live_accuracy
from insights.training.drift import (
    Drift,
    drift_of,
)
from tasks import resources
from tasks.artifacts import publish_page
from tasks.pages.drift import drift_page
from tasks.retries import STORE_CALL
from tasks.runs import task

RECENT = timedelta(days=28)


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What was seen of one model."""

    title: str
    drift: Drift


@task(name="settle truths", **STORE_CALL)
async def settle() -> int:
    """Write beside each prediction what became of it, as far as that is known by now; returns for how many."""
    async with resources.transaction() as step:
        return sum([await insight.settle(step.connection, step.basis) for insight in insights()])


async def champion_of(kind: str, label: str) -> StoredModel | None:
    """The model in use, if there is one."""
    subject = subject_of(kind, label)
    async with resources.database().transaction() as tx:
        return await champion(tx, subject.kind, subject.label)


@task(name="look for drift", task_run_name="look for drift of {kind} {label}", **STORE_CALL)
async def look_for_drift(kind: str, label: str, history: pd.DataFrame) -> Looked | None:
    """Compare what came since the champion learnt with what it learnt, and its answers with the truth.

    None if there is no champion. Raises `CannotLearn` if there is nothing to compare with any more.
    """
    insight, subject, basis = trained_of(kind), subject_of(kind, label), resources.basis()
    learner = insight.learner(label, basis.policy)
    present = await champion_of(kind, label)
    if present is None:
        return None
    since = basis.now - RECENT
    async with resources.database().transaction() as tx:
        live = await live_accuracy(tx, subject.kind, subject.label, model_id=present.id, since=since)
    rows = await asyncio.to_thread(learner.usable, history, now=basis.now)
    drift = await asyncio.to_thread(
        drift_of,
        # One a case: an incident's many tickets are no drift.
        rows[~learner.groups(rows).duplicated()],
        insight.watched(label),
        learnt_until=present.history_until,
        recent_since=since,
        settled=live.settled,
        right=live.right,
        expected=live.expected,
        on_card=present.card.accuracy,
    )
    await publish_page(
        key=f"drift-{subject.key}",
        markdown=drift_page(subject.title, drift),
        description=f"Drift of {subject.title}: {drift.moved}",
    )
    return Looked(title=subject.title, drift=drift)
