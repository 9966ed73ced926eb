"""What sentence embeddings add and cost: routing from text, duplicates by text, and milliseconds a ticket.

    python -m bench only=insights_text

Routing: the protocol of `bench.insights.routing`, with `insights.routing.embeddings`. Duplicates: the 40 links of
`bench.insights.similar`, the cosine of both texts' vectors added to the formula; the product does not do that.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from time import perf_counter, process_time

import numpy as np

from bench.insights.figure import Figure
from bench.insights.routing import bank_questions, text_figures
from bench.insights.similar import asked_by_text, hadoop, rank_figure, rank_of
from bench.result import Result, progress
from insights.embeddings import READ, as_rows, encoded, encoder_version
from insights.routing.history import VECTOR
from insights.similar.model import PairModel

TRIED = (0.0, 1.0, 2.0, 5.0)
"""What the cosine counts beside the formula, in log-odds; the formula's own text features count 5 each."""

TIMED = 300


def embedding_figures() -> Iterator[Figure | Result]:
    """Raises `NoEncoder` without the extra."""
    progress("embeddings: milliseconds a text")
    queries = bank_questions()
    yield from _milliseconds("question", queries["text"].tolist()[:TIMED])
    history = hadoop()
    long = [f"{one.title}\n{one.body}" for one in history.reports]
    yield from _milliseconds(f"text_of_{READ}", [text for text in long if len(text) >= READ][:TIMED])
    progress(f"embeddings: {len(queries):,} questions, then five trainings")
    queries[VECTOR] = encoded(queries["text"].tolist())
    yield from text_figures("routing_text_embeddings", queries, encoder=encoder_version())
    progress("embeddings: duplicates by text")
    yield from _duplicates(long)


def _milliseconds(name: str, texts: Sequence[str]) -> Iterator[Result]:
    """One by one, as tickets come; the encoder was loaded before. The processor's time is what it would be on a machine
    with nothing else to do."""
    encoded(texts[:1])
    waited, worked = [], []
    for text in texts:
        began, busy = perf_counter(), process_time()
        encoded([text])
        worked.append((process_time() - busy) * 1e3)
        waited.append((perf_counter() - began) * 1e3)
    yield _result(f"embedding_{name}", statistics.median(waited), len(texts))
    yield _result(f"embedding_{name}_p95", float(np.percentile(waited, 95)), len(texts))
    yield _result(f"embedding_{name}_cpu", statistics.median(worked), len(texts))


def _result(name: str, value: float, count: int) -> Result:
    return Result(name=name, value=round(value, 3), unit="ms", ratio=None, against="", n=count)


def _duplicates(texts: Sequence[str]) -> Iterator[Figure]:
    history = hadoop()
    place = {one.id: number for number, one in enumerate(history.reports)}
    vectors, model = as_rows(encoded(texts)), PairModel.untaught()
    asked = asked_by_text(history)
    for share in TRIED:
        found = []
        for one in asked:
            alike = vectors[[place[name] for name in one.candidates]] @ vectors[place[one.report.id]]
            scores = model.scores(one.question.features) + share * alike
            found.append(rank_of(scores, one.question.right))
        yield rank_figure(
            f"duplicates_text_embeddings_{share:g}_rr1",
            np.array(found),
            first=1,
            simple="the formula alone: 0",
            protocol=f"candidates: all earlier issues; strict; cosine of the first {READ} characters times {share:g}",
        )
