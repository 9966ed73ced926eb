"""An export's promises as rows for the breach model.

With due times each is looked at when it came in and when a quarter, half and three quarters of its time were gone.
Without them only its verdict is known, and it is looked at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pandas as pd

from insights.backtest.history import History, ReplayWindow
from insights.breach.load import MEASURES, load_columns
from insights.breach.roles import Roles
from insights.breach.rows import (
    LIAISON,
    CaseView,
    breach_rows,
)
from insights.learning import UnusableHistory

MOST_PROMISES = 12_000
LOOKS = (0.0, 0.25, 0.5, 0.75)
NAMES = ("product", "category", "channel", "tier")
"""What a ticket has from the start. Group, priority and agent are those it ended with, and not looked at."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Promises:
    """`has_due`: what breached did so at `settled_at`."""

    rows: pd.DataFrame
    roles: Roles
    has_due: bool
    limits: tuple[str, ...]


def export_promises(history: History, window: ReplayWindow) -> Promises:
    """Raises `UnusableHistory` if nothing says which promises were broken."""
    frame = history.frame
    has_verdict = history.has("breached") or history.has("kept")
    if history.has("due_at") and (history.has("resolved_at") or has_verdict):
        promised = window.with_before(frame[frame["due_at"] > frame["created_at"]], most=MOST_PROMISES)
        rows = breach_rows(view for row in _promised(promised) for view in _views(row, window.known_until))
        more = promised.set_index(promised["ticket"].astype(str))[[*history.more]]
        rows = rows.join(more, on="case")
        roles = replace(LIAISON, categorical=(*LIAISON.categorical, *history.more))
        limits = (
            "Time is counted by the clock on the wall, from the ticket's coming in to the due time of the export.",
        )
        return Promises(rows=rows, roles=roles, has_due=True, limits=limits)
    if not (history.has("resolved_at") and has_verdict):
        raise UnusableHistory(
            "nothing says which promises were broken: the export needs due_at and resolved_at, or breached (or kept) "
            "and resolved_at; say which columns they are with --map"
        )
    return _verdicts_only(history, window)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Promised:
    case: str
    created_at: datetime
    due_at: datetime
    resolved_at: datetime | None
    breached: bool | None
    product: str | None
    category: str | None
    channel: str | None
    tier: str | None


def _promised(frame: pd.DataFrame) -> Iterator[_Promised]:
    def column(name: str) -> list[object]:
        return (
            [None if pd.isna(cell) else cell for cell in frame[name]]
            if name in frame
            else [None] * len(frame)
        )

    said = [
        breached if breached is not None else (None if kept is None else not kept)
        for breached, kept in zip(column("breached"), column("kept"), strict=True)
    ]
    names = [[None if cell is None else str(cell) for cell in column(name)] for name in NAMES]
    times = [
        [None if pd.isna(cell) else cell.to_pydatetime() for cell in frame[name]]
        if name in frame
        else [None] * len(frame)
        for name in ("created_at", "due_at", "resolved_at")
    ]
    for case, created, due, resolved, breached, product, category, channel, tier in zip(
        frame["ticket"].astype(str), *times, said, *names, strict=True
    ):
        yield _Promised(
            case=case, created_at=created, due_at=due, resolved_at=resolved,
            breached=None if breached is None else bool(breached), product=product, category=category,
            channel=channel, tier=tier,
        )  # fmt: skip


def _views(row: _Promised, known_until: datetime) -> Iterator[CaseView]:
    target = row.due_at - row.created_at
    breached = row.breached
    if breached is None:
        breached = row.resolved_at is None or row.resolved_at > row.due_at
    is_settled = row.due_at <= known_until
    for part in LOOKS:
        at = row.created_at + target * part
        if row.resolved_at is None or at < row.resolved_at or not part:
            yield _view(row, at, is_open=True, breached=breached if is_settled else None)
    if row.resolved_at is not None:
        yield _view(row, max(row.resolved_at, row.created_at), is_open=False, breached=None)


def _view(row: _Promised, at: datetime, *, is_open: bool, breached: bool | None) -> CaseView:
    target = row.due_at - row.created_at
    return CaseView(
        case=row.case,
        at=at,
        is_open=is_open,
        target=target,
        worked=min(max(at - row.created_at, timedelta(0)), target),
        due_at=row.due_at,
        tier=row.tier,
        product=row.product,
        channel=row.channel,
        service=row.category,
        breached=breached,
        settled_at=row.due_at if is_open else None,
    )


def _verdicts_only(history: History, window: ReplayWindow) -> Promises:
    over = history.frame[history.frame["resolved_at"] > history.frame["created_at"]]
    over = window.with_before(over, most=MOST_PROMISES)
    verdict = (
        over["breached"]
        if history.has("breached")
        else over["kept"].map(lambda kept: None if kept is None else not kept)
    )
    names = tuple(name for name in (*NAMES, *history.more) if history.has(name))
    opened = over[["ticket", "created_at", "resolved_at", *names]].assign(
        breached=verdict.map(lambda one: None if pd.isna(one) else float(one)).astype(float),
        hour=over["created_at"].dt.hour.astype(float),
        weekday=over["created_at"].dt.day_of_week.astype(float),
    )
    queues = names[:2]
    begun = (
        opened[["ticket", "created_at", *queues]].rename(columns={"created_at": "at"}).assign(is_open=True)
    )
    ended = (
        opened[["ticket", "resolved_at", *queues]].rename(columns={"resolved_at": "at"}).assign(is_open=False)
    )
    log = pd.concat([begun, ended], ignore_index=True).sort_values("at", kind="stable", ignore_index=True)
    load = load_columns(log, queues, case="ticket", at="at", is_open="is_open")
    at_opening = load[log["is_open"]].set_index(log.loc[log["is_open"], "ticket"])
    rows = opened.join(at_opening, on="ticket")
    roles = Roles(
        case="ticket", known_at="created_at", label="breached", settled_at="resolved_at", settles_by_outcome=True,
        categorical=names, numeric=("hour", "weekday", *load.columns),
        titles={name: f"{name}: {meaning}" for name, meaning in MEASURES.items()},
    )  # fmt: skip
    return Promises(
        rows=rows,
        roles=roles,
        has_due=False,
        limits=(
            "Only tickets that are over have a verdict: of the window's last days those that ended soon.",
            "Without due times nothing can be said of how long before a breach it was likely.",
        ),
    )
