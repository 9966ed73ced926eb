"""Selection of training rows: what a history must have to learn routing from, and what is left of it, said in full
before anything is trained.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from insights.learning import NotEnoughHistory, UnusableHistory

VECTOR = "vector"
"""The column with the sentence embedding of a ticket's text, as bytes; empty where there is none. It may be missing."""

FEWEST_TICKETS = 50
FEWEST_OF_A_LABEL = 5
"""A label with fewer tickets is not learnt: it could not be told from chance."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RoutingColumns:
    """Which columns of a history are what. Nothing that was known only after routing may be among the inputs.

    `fields` are values of a list (product, channel), the telling ones first. Without `time` the part that
    calibrates is drawn by lot.
    """

    label: str
    text: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    time: str | None = None

    @property
    def inputs(self) -> tuple[str, ...]:
        """What a model reads of a ticket: texts, then fields."""
        return (*self.text, *self.fields)


@dataclass(frozen=True, kw_only=True, eq=False)
class UsableHistory:
    """Tickets in order of time (or of the lot); `truth` has the number of each ticket's label in `labels`."""

    tickets: pd.DataFrame
    truth: NDArray[np.int64]
    labels: tuple[str, ...]
    not_learnt: tuple[str, ...]


def usable_history(history: pd.DataFrame, columns: RoutingColumns, *, seed: int) -> UsableHistory:
    """Raises `UnusableHistory` for missing columns and unreadable times, `NotEnoughHistory` for the rest."""
    _check_columns(history, columns)
    labels = history[columns.label]
    given = labels.notna() & (labels.astype(str).str.strip() != "")
    tickets = _in_order(history[given], columns, seed=seed)
    names = tickets[columns.label].astype(str).str.strip()
    counts = names.value_counts()
    learnt = tuple(sorted(counts.index[counts >= FEWEST_OF_A_LABEL]))
    kept = names.isin(learnt).to_numpy()
    if kept.sum() < FEWEST_TICKETS or len(learnt) < 2:
        raise NotEnoughHistory(
            f"{columns.label}: {kept.sum()} tickets with {len(learnt)} labels that occur {FEWEST_OF_A_LABEL} times "
            f"or more; needed are {FEWEST_TICKETS} tickets and 2 labels. Until then the policy's rules route."
        )
    return UsableHistory(
        tickets=tickets[kept],
        truth=names[kept].map({label: number for number, label in enumerate(learnt)}).to_numpy(np.int64),
        labels=learnt,
        not_learnt=tuple(sorted(counts.index[counts < FEWEST_OF_A_LABEL])),
    )


def _check_columns(history: pd.DataFrame, columns: RoutingColumns) -> None:
    if not columns.inputs:
        raise UnusableHistory("no column of text and no field is named: there is nothing to learn from")
    if columns.label in columns.inputs:
        raise UnusableHistory(f"{columns.label} is what is to be learnt; take it out of the text and fields")
    wanted = (columns.label, *columns.inputs, *((columns.time,) if columns.time else ()))
    missing = [name for name in wanted if name not in history.columns]
    if missing:
        raise UnusableHistory(
            f"the history lacks {', '.join(missing)}; it has {', '.join(map(str, history.columns))}. "
            "Export it with these columns, or name others."
        )


def _in_order(tickets: pd.DataFrame, columns: RoutingColumns, *, seed: int) -> pd.DataFrame:
    if columns.time is None:
        return tickets.iloc[np.random.default_rng(seed).permutation(len(tickets))]
    times = pd.to_datetime(tickets[columns.time], errors="coerce", utc=True)
    if times.isna().any():
        row = tickets.index[times.isna()][0]
        raise UnusableHistory(
            f"{columns.time}: {times.isna().sum()} of {len(times)} are no times, the first in row {row}; "
            "write them like 2026-03-27T15:00:00Z or leave these tickets out"
        )
    return tickets.iloc[np.argsort(times.to_numpy(), kind="stable")]
