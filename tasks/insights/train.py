"""Learning: the history is checked, a challenger learnt and judged, and promoted or kept out, with its card.

What models are made of is imported by the tasks that need it: it takes seconds and a hundred megabytes, which nobody
pays who only registers or lists this flow.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pandas as pd

from incidents.basis import Basis
from incidents.errors import LiaisonError
from incidents.report_file import ReportFile
from incidents.store.reports import save_report
from insights.contract import Subject
from insights.learning import SEED, CannotLearn, NotEnoughHistory
from insights.quality.once_a_case import with_once_a_case
from insights.quality.report import QualityReport
from insights.registry import subject_of, trained_of
from insights.store.models import (
    NewModel,
    StoredModel,
    champion,
    promote,
    read_content,
    reject,
    save_model,
)
from insights.training.apart import apart
from insights.training.contest import (
    Contested,
    Incumbent,
    NothingNew,
    contest,
    usable_history,
)
from insights.training.packed import (
    Packed,
    packed,
    unpacked,
)
from tasks import resources
from tasks.artifacts import publish_page
from tasks.insights.card import show_card
from tasks.insights.champions import models_key
from tasks.pages.files import FileLinks
from tasks.pages.history import history_page
from tasks.retries import STORE_CALL
from tasks.runs import task
from tasks.without_prefect import run_logger

HTML = "text/html; charset=utf-8"


class FailedSuite(LiaisonError):
    """The history is not fit to learn from; the message has each expectation that failed, with its cure."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Trained:
    """What came of it; `short` is for the run's name, and `why` whole."""

    title: str
    short: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Checked:
    """Rows that are fit to learn from; without them, `too_little` says why, and `short` does so for the run's name."""

    rows: pd.DataFrame | None
    too_little: str = ""
    short: str = ""


@task(name="check history", task_run_name="check history of {kind} {label}", **STORE_CALL)
async def check_history(kind: str, label: str, history: pd.DataFrame) -> Checked:
    """Hold it against what it must be like; the page with each expectation is kept and linked.

    Raises `FailedSuite`, and `UnusableHistory`. Too little of it is no failure.
    """
    from insights.quality.training import check_training_frame  # noqa: PLC0415 - see above

    insight, subject = trained_of(kind), subject_of(kind, label)
    basis = resources.basis()
    learner = insight.learner(label, basis.policy)
    try:
        rows = await asyncio.to_thread(
            usable_history, history, learner, minimum=basis.policy.insights.minimum, now=basis.now
        )
    except NotEnoughHistory as error:
        return Checked(rows=None, too_little=str(error), short=_in_short(subject, error))
    report = await asyncio.to_thread(
        check_training_frame,
        with_once_a_case(rows, insight.watched(label).label, learner.groups(rows)),
        insight.expectations(label),
        now=basis.now,
        with_html=True,
    )
    await _show_quality(subject, report, basis, examples=len(rows))
    if not report.passed:
        findings = "; ".join(str(finding) for finding in report.findings)
        raise FailedSuite(
            f"{subject.title}: {len(report.findings)} of {report.checked} expectations failed: {findings}"
        )
    return Checked(rows=rows)


@task(name="learn and judge", task_run_name="learn and judge {kind} {label}", **STORE_CALL)
async def learn_and_judge(kind: str, label: str, rows: pd.DataFrame) -> Trained:
    """Learn from the earlier part, judge on the later, and let the better one predict from now on.

    That there is nothing to be learnt is no failure. Raises `Stale` if another training was quicker.
    """
    insight, subject = trained_of(kind), subject_of(kind, label)
    basis = resources.basis()
    learner = insight.learner(label, basis.policy)
    async with resources.database().transaction() as tx:
        present = await champion(tx, subject.kind, subject.label)
        content = await read_content(tx, present.id) if present is not None else None
    try:
        key = models_key()
        rival = await _rival(insight.model_class(label), present, content, key)
        # Fits take minutes of a core each, and this process has promises to keep meanwhile.
        found = await apart(contest, rows, learner, rival, now=basis.now, seed=SEED)
    except CannotLearn as error:
        return _not_learnt(subject, error)
    await _register(subject, found, present, key)
    await show_card(subject, found.card, is_promoted=found.verdict.promoted)
    value, before = found.card.challenger.value, found.card.incumbent
    if not found.verdict.promoted:
        short = f"{subject.title} kept"
    elif before is None:
        short = f"{subject.title} promoted {value:.2f}"
    else:
        short = f"{subject.title} promoted {value:.2f} (was {before.value:.2f})"
    return Trained(title=subject.title, short=short, why=found.verdict.why)


async def _rival(
    model_class: type[Any], present: StoredModel | None, content: Packed | None, key: bytes
) -> Incumbent[Any] | None:
    if present is None or content is None:
        return None
    try:
        model = await asyncio.to_thread(unpacked, content, model_class, key=key)
    except CannotLearn as error:
        run_logger().warning("the champion cannot be compared with, the baseline takes its place: %s", error)
        return None
    return Incumbent(model=model, until=present.history_until)


async def _register(subject: Subject, found: Contested[Any], present: StoredModel | None, key: bytes) -> None:
    content = await asyncio.to_thread(packed, found.model, key=key)
    new = NewModel(kind=subject.kind, label=subject.label, card=found.card, content=content)
    async with resources.database().transaction() as tx:
        number = await save_model(tx, new)
        if found.verdict.promoted:
            await promote(tx, number, over=present.id if present is not None else None)
        else:
            await reject(tx, number)


async def _show_quality(subject: Subject, report: QualityReport, basis: Basis, *, examples: int) -> None:
    files = []
    if report.html is not None:
        file = ReportFile(
            name=f"{subject.key}.html",
            title="Every expectation, as Great Expectations tells it",
            media_type=HTML,
            content=report.html.encode(),
        )
        files.append(file)
    async with resources.database().transaction() as tx:
        token = await save_report(tx, f"history-{subject.key}", files, now=basis.now)
    links = FileLinks(base=basis.policy.links.gateway, token=token)
    state = "fit to learn from" if report.passed else f"{len(report.findings)} expectations failed"
    await publish_page(
        key=f"history-{subject.key}",
        markdown=history_page(subject.title, report, files, links, examples=examples),
        description=f"History of {subject.title}: {state}",
    )


def _not_learnt(subject: Subject, error: CannotLearn) -> Trained:
    if isinstance(error, NothingNew | NotEnoughHistory):
        return Trained(title=subject.title, short=_in_short(subject, error), why=str(error))
    return Trained(title=subject.title, short=f"{subject.title}: nothing to learn", why=str(error))


def _in_short(subject: Subject, error: CannotLearn) -> str:
    """For the run's name."""
    return f"{subject.title}: {error.short or 'too little history'}"
