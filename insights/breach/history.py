"""Selection of training rows (censoring): which of a history may be learnt from, and whether they are enough."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd

from insights.breach.roles import Roles
from insights.learning import NotEnoughHistory, UnusableHistory
from insights.training.leaks import tell_tales

FEWEST_CASES = 300
FEWEST_OF_A_KIND = 30
_LATER = 0.2
_NEARLY_ALL = 0.9


def settled_rows(history: pd.DataFrame, roles: Roles, *, now: datetime) -> pd.DataFrame:
    """The rows known before their case was settled, of cases settled before `now`, in the order of time.

    Raises `UnusableHistory` for missing columns, times that are none, verdicts other than 0 and 1 and a column that
    knows the outcome; `NotEnoughHistory` for too few cases, or too few of a kind.
    """
    roles.require(history.columns, with_label=True)
    if history.empty:
        raise _too_few(0, 0)
    roles.check_times(history)
    known, settled, label = history[roles.known_at], history[roles.settled_at], history[roles.label]
    if (known.dt.tz is None) != (now.tzinfo is None) or (settled.dt.tz is None) != (now.tzinfo is None):
        raise UnusableHistory(
            f"of {roles.known_at}, {roles.settled_at} and now, some have a time zone and some none"
        )
    # A row as late as its own verdict could have seen it.
    rows = history[(settled < now) & (known < settled) & label.notna() & history[roles.case].notna()]
    rows = rows.sort_values(roles.known_at, kind="stable", ignore_index=True)
    if not rows[roles.label].isin([0, 1]).all():
        raise UnusableHistory(f"column {roles.label} holds other verdicts than 0 and 1; convert it first")
    rows[roles.label] = rows[roles.label].astype(int)
    require_enough(rows, roles)
    # At a case's first row the least can be known; later on an honest column may tell nearly all.
    first = rows.drop_duplicates(roles.case)
    knowing = tell_tales(first, roles.columns, label=roles.label, case=roles.case)
    if knowing:
        raise UnusableHistory(
            f"too good to be true: {'; '.join(map(str, knowing))}. Was it written when the case had ended? "
            "Leave the column out, or take its value as it was at the row's time"
        )
    return rows


def later_slice(rows: pd.DataFrame, roles: Roles, *, now: datetime) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of cases settled before the newest fifth came in, and the rows of that fifth.

    Where cases settle by outcome, the fifth is taken from cases that have had the time in which nine of ten settle.
    """
    came = rows.groupby(roles.case)[roles.known_at].transform("min")
    is_first = ~rows[roles.case].duplicated()
    mature = came <= now
    if roles.settles_by_outcome:
        took = (rows[roles.settled_at] - came)[is_first].dt.total_seconds()
        mature = came < now - timedelta(seconds=float(took.quantile(_NEARLY_ALL)))
    begin = came[is_first & mature].quantile(1 - _LATER, interpolation="higher")
    older, later = rows[rows[roles.settled_at] < begin], rows[mature & (came >= begin)]
    for part in (older, later):
        require_enough(part, roles, fewest=FEWEST_CASES // 10, of_a_kind=FEWEST_OF_A_KIND // 5)
    return older, later


def require_enough(
    rows: pd.DataFrame, roles: Roles, *, fewest: int = FEWEST_CASES, of_a_kind: int = FEWEST_OF_A_KIND
) -> None:
    """Raises `CannotLearn` unless there are `fewest` cases, and `of_a_kind` of both broken and kept promises."""
    verdicts = rows.drop_duplicates(roles.case)[roles.label]
    cases, breached = len(verdicts), int(verdicts.sum())
    if cases < fewest or min(breached, cases - breached) < of_a_kind:
        raise _too_few(cases, breached, fewest=fewest, of_a_kind=of_a_kind)


def _too_few(
    cases: int, breached: int, *, fewest: int = FEWEST_CASES, of_a_kind: int = FEWEST_OF_A_KIND
) -> NotEnoughHistory:
    return NotEnoughHistory(
        f"{cases} settled cases, {breached} of them breached; a breach model needs {fewest}, "
        f"with {of_a_kind} that breached and {of_a_kind} that did not. Until then the rules decide"
    )
