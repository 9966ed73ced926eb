"""The insights there are, a line each; light to import. An insight of another package joins by `registered`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from incidents.errors import NotFound
from insights.breach.insight import BreachRisk
from insights.contract import Insight, Subject, TrainedInsight
from insights.routing.insight import Routing
from insights.similar.insight import Similar
from insights.surge.insight import Surges

_insights: list[Insight] = [
    Routing(),
    BreachRisk(),
    Similar(),
    Surges(),
]


def insights() -> Sequence[Insight]:
    """All of them, in the order in which they are trained and settled."""
    return tuple(_insights)


def trained() -> Sequence[TrainedInsight]:
    """Those that learn models."""
    return [one for one in _insights if isinstance(one, TrainedInsight)]


def trained_of(kind: str) -> TrainedInsight:
    """The one that learns models of this kind. Raises `NotFound` that says which there are."""
    for one in trained():
        if one.kind == kind:
            return one
    raise NotFound(
        f"nothing is learnt about {kind[:40]!r}; there are {', '.join(one.kind for one in trained())}"
    )


def subjects() -> Sequence[Subject]:
    """All that is learnt, insight by insight."""
    return [subject for one in trained() for subject in one.subjects]


def subject_of(kind: str, label: str) -> Subject:
    """Raises `NotFound` that says what there is."""
    for subject in subjects():
        if (subject.kind, subject.label) == (kind, label):
            return subject
    there = ", ".join(f"{subject.kind} {subject.label}" for subject in subjects())
    raise NotFound(f"nothing is learnt about {kind[:40]!r} {label[:40]!r}; there are {there}")


@contextmanager
def registered(insight: Insight) -> Iterator[None]:
    """While this lasts, the flows of this process train, watch and settle one more insight.

    Enter it once where a worker of your own starts. Raises `ValueError` if its kind is taken: models and predictions
    are kept by kind.
    """
    if any(one.kind == insight.kind for one in _insights):
        raise ValueError(f"there is an insight {insight.kind!r} already; give this one another kind")
    _insights.append(insight)
    try:
        yield
    finally:
        _insights.remove(insight)
