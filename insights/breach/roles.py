"""The schema of a history, which column says what: the breach model learns from any frame that is described so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from insights.learning import UnusableHistory


@dataclass(frozen=True, kw_only=True)
class Roles:
    """A history has one row for each moment at which a case could have been looked at.

    `case` names the case, `known_at` is the row's moment, `label` whether the case breached in the end, and
    `settled_at` when that is counted as known: the due time, even if the case ended before it. Counted from the end,
    the newest history would hold mostly cases that ended soon, which is no fair sample of their time. A log without
    due times can do no better: say so with `settles_by_outcome`, and probabilities are calibrated on cases old enough
    that nearly all of their time are settled. `titles` are the columns' names for people; a column without one is
    called by its own name.
    """

    case: str
    known_at: str
    label: str
    settled_at: str
    categorical: tuple[str, ...] = ()
    numeric: tuple[str, ...] = ()
    settles_by_outcome: bool = False
    titles: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """What the model looks at, in its order."""
        return (*self.categorical, *self.numeric)

    def title(self, column: str) -> str:
        """The column's name for people."""
        return self.titles.get(column, column)

    def require(self, present: Iterable[object], *, with_label: bool) -> None:
        """Raises `UnusableHistory` that names the missing columns."""
        wanted = set(self.columns)
        if with_label:
            wanted |= {self.case, self.known_at, self.label, self.settled_at}
        missing = sorted(wanted - set(present))
        if missing:
            raise UnusableHistory(
                f"the breach model needs the columns {', '.join(missing)}, which are not there; "
                "add them, or train it again without them"
            )

    def check_times(self, history: pd.DataFrame) -> None:
        """Raises `UnusableHistory` if a time is no time: a text such as 04/03 must not be guessed at."""
        for column in (self.known_at, self.settled_at):
            if not pd.api.types.is_datetime64_any_dtype(history[column]):
                raise UnusableHistory(
                    f"column {column} holds no times but {history[column].dtype}; read it with pandas.to_datetime"
                )
