"""Duplicate detection, which fault a new ticket may be about: incidents and tickets like it, now and in the past, and
what fixed them.

It answers in incidents, not in tickets: the five-hundredth ticket of a storm finds the incident, not the
four-hundred-and-ninety-ninth ticket. Sure enough, it says link; else it suggests. It never links across services
nor to what is over, and it changes nothing by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from insights.learning import Reason
from insights.similar.lessons import lessons
from insights.similar.memory import Memory
from insights.similar.model import Floats, PairModel
from insights.similar.pairs import PAIR_FEATURES, pair_features
from insights.similar.report import (
    KnownDuplicate,
    Match,
    MatchVerdict,
    TicketReport,
)
from insights.similar.terms import Ids, Said

SIMILAR_FORMAT = 3
"""Goes up when a stored index or pair model of before can no longer be used; whoever loads one compares."""

HORIZON = timedelta(days=365)
WORDS_SHOWN = 3

_REASONS = {
    "is_open": "it is open",
    "same_address": "same address",
    "same_service": "same service",
    "same_kind": "same kind of problem",
    "same_customer": "same customer",
}


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Look:
    """A report among its candidates: their numbers, features and probabilities, an entry each."""

    said: Said
    numbers: Ids
    features: Floats
    chances: Floats
    now: datetime


class SimilarIndex:
    """Grows with each ticket. One writer at a time; asking changes nothing."""

    def __init__(self, *, model: PairModel | None = None, horizon: timedelta = HORIZON) -> None:
        self.model = model or PairModel.untaught()
        self.format = SIMILAR_FORMAT
        self._memory = Memory(horizon_hours=horizon / timedelta(hours=1))
        self._fixed_by: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._memory)

    def __contains__(self, report: str) -> bool:
        return report in self._memory.numbers

    def add(self, report: TicketReport) -> None:
        """Raises `ValueError` if it is there already or its time has no zone."""
        self._memory.add(report)

    def join(self, report: str, incident: str) -> None:
        """The report belongs to this incident from now on. Raises `KeyError` for an unknown report."""
        self._memory.join(report, incident)

    def close(self, report: str, at: datetime, *, fixed_by: str = "") -> None:
        """The ticket was solved at this time, by this. Raises `KeyError` for an unknown report."""
        self._memory.close(report, at)
        self._fixed_by[f"report {report}"] = fixed_by

    def close_incident(self, incident: str, at: datetime, *, fixed_by: str = "") -> None:
        """The incident was over at this time, ended by this. Raises `KeyError` for an unknown one."""
        self._memory.end(incident, at)
        self._fixed_by[f"incident {incident}"] = fixed_by

    def rank(self, report: TicketReport, *, now: datetime, limit: int = 5) -> list[Match]:
        """The likeliest faults, best first; none below the model's `suggest_from`. It need not be added before."""
        said = Said.of(report.title, report.body)
        numbers = self._memory.candidates(report, said, now=now)
        if not len(numbers):
            return []
        features = pair_features(self._memory.look(report, said, numbers, now=now))
        chances = self.model.probabilities(self.model.scores(features))
        look = _Look(said=said, numbers=numbers, features=features, chances=chances, now=now)
        best = self._best_of_each(numbers, chances, limit)
        return [self._match(look, place) for place in best if chances[place] >= self.model.suggest_from]

    def _best_of_each(self, numbers: Ids, chances: Floats, limit: int) -> list[int]:
        """Each fault's likeliest member; of equally likely faults the one with more reports, then the newer."""
        sizes = np.array([self._memory.members(int(number)) for number in numbers])
        seen: set[str] = set()
        found: list[int] = []
        for place in np.lexsort((-numbers, -sizes, -chances)):
            fault = self._fault(int(numbers[place]))
            if fault not in seen:
                seen.add(fault)
                found.append(int(place))
            if len(found) == limit:
                break
        return found

    def _fault(self, number: int) -> str:
        incident = self._memory.incidents[number]
        return f"incident {incident}" if incident is not None else f"report {self._memory.ids[number]}"

    def _match(self, look: _Look, place: int) -> Match:
        number, chance = int(look.numbers[place]), float(look.chances[place])
        row = dict(zip(PAIR_FEATURES, look.features[place].tolist(), strict=True))
        is_open = self._memory.is_open(number, look.now)
        sure = chance >= self.model.link_from and is_open and bool(row["same_service"])
        return Match(
            incident=self._memory.incidents[number],
            report=self._memory.ids[number],
            reports=self._memory.members(number),
            probability=chance,
            verdict=MatchVerdict.LINK if sure else MatchVerdict.SUGGEST,
            is_open=is_open,
            fixed_by=self._fixed_by.get(self._fault(number), ""),
            reasons=self._reasons(look.said, number, row),
        )

    def _reasons(self, said: Said, number: int, row: Mapping[str, float]) -> tuple[Reason, ...]:
        """What both have in common; a word's weight is its rarity."""
        reasons = [
            Reason(text=f'both say "{word}"', weight=rarity)
            for word, rarity in self._memory.shared_words(said, number)[:WORDS_SHOWN]
        ]
        if not row["place_unknown"]:
            reasons.append(Reason(text=f"{50 * float(np.expm1(row['distance'])):,.0f} m away", weight=1.0))
        reasons += [Reason(text=text, weight=1.0) for name, text in _REASONS.items() if row[name]]
        reasons.append(Reason(text=f"{float(np.expm1(row['hours'])):,.1f} h before", weight=1.0))
        return tuple(reasons)


def learn_pair_model(
    reports: Iterable[TicketReport],
    duplicates: Sequence[KnownDuplicate],
    closed: Mapping[str, datetime],
    *,
    seed: int,
    horizon: timedelta = HORIZON,
) -> PairModel:
    """What makes two reports the same fault, from duplicates that people found. `reports` in order of time.

    Raises `NotEnoughHistory` with fewer than `similar_model.FEWEST_DUPLICATES`; then `PairModel.untaught()` suggests.
    """
    asked = lessons(reports, duplicates, closed, horizon_hours=horizon / timedelta(hours=1))
    return PairModel.learn([lesson.question for lesson in asked], seed=seed)
