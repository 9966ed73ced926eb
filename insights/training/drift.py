"""Drift of inputs, labels and accuracy: has the world moved away from what a model learnt? Its inputs and labels then
and since, and how right it was.

Distributions are compared by the population stability index: below 0.1 nothing has changed, above 0.25 much has
(Siddiqi 2006, "Credit Risk Scorecards"), unless samples of these sizes reach that by chance. Accuracy has fallen when
even the upper bound of its 95 % interval (Wilson 1927) is below what was promised.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import pandas as pd

from insights.contract import Watched
from insights.text import plain, words

SOME, MUCH = 0.1, 0.25
FEWEST_ROWS = 50
FEWEST_SETTLED = 30
_WORDS = 50
_PARTS = 10
_REST = "\x00"
_Z = 1.96


class Moved(StrEnum):
    """What is to be done about a change."""

    FINE = "fine"
    WATCH = "watch"
    RETRAIN = "retrain"


@dataclass(frozen=True, kw_only=True, slots=True)
class DriftChange:
    """`what` changed, or did not, in words for people."""

    what: str
    words: str
    moved: Moved


@dataclass(frozen=True, kw_only=True, slots=True)
class Drift:
    """`changes` has everything that was looked at, the gravest first."""

    changes: tuple[DriftChange, ...]

    @property
    def moved(self) -> Moved:
        """The gravest of all."""
        return self.changes[0].moved if self.changes else Moved.FINE


def drift_of(
    history: pd.DataFrame,
    columns: Watched,
    *,
    learnt_until: datetime,
    recent_since: datetime,
    settled: int,
    right: int,
    expected: float,
    on_card: float,
) -> Drift:
    """What came after `recent_since` and was not learnt from, against what was. Give one row a case: chance is reckoned
    for rows that have nothing to do with each other.

    Of `settled` predictions of this model `right` were right, `expected` by their probabilities; `on_card` is the
    accuracy on its card.
    """
    times = history[columns.time]
    before, recent = history[times < learnt_until], history[times >= max(learnt_until, recent_since)]
    changes = [live_change(settled=settled, right=right, expected=expected, on_card=on_card)]
    if min(len(before), len(recent)) < FEWEST_ROWS:
        words = f"{len(before):,} rows learnt from and {len(recent):,} since, {FEWEST_ROWS} of each are needed to tell"
        changes.append(DriftChange(what="history", words=words, moved=Moved.FINE))
    else:
        changes += _distributions(before, recent, columns)
    gravest = {Moved.RETRAIN: 0, Moved.WATCH: 1, Moved.FINE: 2}
    return Drift(changes=tuple(sorted(changes, key=lambda one: gravest[one.moved])))


def live_change(*, settled: int, right: int, expected: float, on_card: float) -> DriftChange:
    """How right the model was with what it predicted, against its card or, if that is less, its own probabilities.

    What it is asked about may be harder than what it was tested on: the tickets that no rule knows. Then it said so.
    """
    if settled < FEWEST_SETTLED:
        words = f"the truth of {settled} predictions is known, {FEWEST_SETTLED} are needed to tell"
        return DriftChange(what="accuracy", words=words, moved=Moved.FINE)
    share = right / settled
    has_fallen = _upper_bound(share, settled) < min(on_card, expected / settled)
    words = (
        f"{share:.3f} of {settled:,} predictions were right; {on_card:.3f} on its card, {expected / settled:.3f} by "
        "its own probabilities"
    )
    return DriftChange(what="accuracy", words=words, moved=Moved.RETRAIN if has_fallen else Moved.FINE)


def _distributions(before: pd.DataFrame, recent: pd.DataFrame, columns: Watched) -> Iterable[DriftChange]:
    for name in columns.text:
        often = _often(before[name])
        yield _change(f"words of {name}", _counted(before[name], often), _counted(recent[name], often))
    for name in (columns.label, *columns.columns):
        yield _change(name, *_levels(before[name], recent[name]))


def _change(what: str, before: pd.Series, recent: pd.Series) -> DriftChange:
    if not before.count() or not recent.count():
        words = (
            "it is never given"
            if not before.count() and not recent.count()
            else "it is given on one side only"
        )
        moved = Moved.FINE if before.count() == recent.count() else Moved.RETRAIN
        return DriftChange(what=what, words=words, moved=moved)
    # SciPy's statistics take a second to import: only who compares waits for it.
    from insights.quality.measures import population_stability, stability_by_chance  # noqa: PLC0415

    moved_by, chance = population_stability(before, recent), stability_by_chance(before, recent)
    moved = Moved.RETRAIN if moved_by > MUCH else Moved.WATCH if moved_by > SOME else Moved.FINE
    moved = Moved.FINE if moved_by <= chance else moved
    return DriftChange(
        what=what, words=f"stability index {moved_by:.2f}, by chance up to {chance:.2f}", moved=moved
    )


def _levels(before: pd.Series, recent: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Names as they are, rare ones together; numbers in tenths of those before; missing is a value too."""
    if pd.api.types.is_numeric_dtype(before) and before.nunique() > _PARTS:
        edges = before.quantile([part / _PARTS for part in range(1, _PARTS)]).drop_duplicates()
        bins = [-math.inf, *edges, math.inf]
        return pd.cut(before, bins).astype(str), pd.cut(recent.astype(float), bins).astype(str)
    names = [side.astype(object).where(side.notna(), "missing").astype(str) for side in (before, recent)]
    often = set(names[0].value_counts().index[:_WORDS]) | set(names[1].value_counts().index[:_WORDS])
    first, second = (side.where(side.isin(often), _REST) for side in names)
    return first, second


def _often(texts: pd.Series) -> frozenset[str]:
    """The words that are in most texts."""
    counts = Counter(word for text in texts for word in set(words(plain(text))))
    return frozenset(word for word, _ in counts.most_common(_WORDS))


def _counted(texts: pd.Series, often: frozenset[str]) -> pd.Series:
    """One of each text's words, evenly by its length; so a text counts once, as chance is reckoned."""
    found = []
    for number, text in enumerate(texts):
        said = words(plain(text))
        word = said[number % len(said)] if said else None
        found.append(word if word is None or word in often else _REST)
    return pd.Series(found, dtype=object)


def _upper_bound(share: float, count: int) -> float:
    spread = _Z * math.sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2))
    return (share + _Z**2 / (2 * count) + spread) / (1 + _Z**2 / count)
