"""Who says "still broken"? Answers of customers and machines in twelve languages, half of each kind.

    python -m bench only=replies

`replies.tsv` holds answers that were written for this table: complaints after a "fixed" message, and what else comes
back after one (thanks, absence notices, bounces, automatic answers, surveys, other subjects, complaints that are only
quoted). The rows marked `held` were not looked at when the words of `incidents.texts.languages` were chosen; the
figure of those alone is what a new answer may expect. Recall is the share of complaints that are heard, false
reopening the share of the others that would wake somebody.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.insights.figure import Figure, interval
from incidents.texts.still_broken import says_still_broken

TABLE = Path(__file__).with_name("replies.tsv")
RECALL_GOAL, FALSE_GOAL = 0.95, 0.01


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    text: str
    language: str
    is_complaint: bool
    is_held: bool


def answers() -> list[Answer]:
    with TABLE.open(encoding="utf-8", newline="") as table:
        rows = csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [
            Answer(
                text=row["answer"].replace("\\n", "\n"),
                language=row["language"],
                is_complaint=row["kind"] == "broken",
                is_held=row["part"] == "held",
            )
            for row in rows
        ]


def reply_figures() -> Iterator[Figure]:
    table = answers()
    held = [answer for answer in table if answer.is_held]
    for part, chosen in (("all", table), ("held back", held)):
        yield _figure(f"replies_recall ({part})", chosen, complaints=True, goal=f">= {RECALL_GOAL}")
        yield _figure(f"replies_false_reopening ({part})", chosen, complaints=False, goal=f"<= {FALSE_GOAL}")


def heard_share(chosen: Sequence[Answer], *, complaints: bool) -> float:
    """The share of complaints, or of the others, in which a complaint is heard."""
    return float(np.mean(_heard(chosen, complaints=complaints)))


def _heard(chosen: Sequence[Answer], *, complaints: bool) -> NDArray[np.bool_]:
    return np.array(
        [says_still_broken(answer.text) is not None for answer in chosen if answer.is_complaint is complaints]
    )


def _figure(name: str, chosen: Sequence[Answer], *, complaints: bool, goal: str) -> Figure:
    heard = _heard(chosen, complaints=complaints)
    low, high = interval(lambda sample: float(heard[sample].mean()), len(heard))
    languages = len({answer.language for answer in chosen})
    return Figure(
        name=name,
        value=float(heard.mean()),
        low=low,
        high=high,
        goal=goal,
        simple="",
        n=len(heard),
        protocol=f"bench/replies.tsv, {languages} languages",
    )
