"""Labels counted once a case: counted by the row, each incident's many tickets would look like drift."""

from __future__ import annotations

import pandas as pd


def once_a_case(label: str) -> str:
    """The column that has the label in the first row of each case only."""
    return f"{label} (once a case)"


def with_once_a_case(rows: pd.DataFrame, label: str, groups: pd.Series) -> pd.DataFrame:
    """The rows with that column; `groups` names each row's case."""
    return rows.assign(**{once_a_case(label): rows[label].where(~groups.duplicated())})
