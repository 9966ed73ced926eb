"""The card of a model: what it was learnt from, how good it is and on what, and what it must not be used for.

After Mitchell et al. 2019, "Model Cards for Model Reporting".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from insights.training.gate import (
    Answers,
    Score,
    tenths,
)

_MOST_LABELS = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Bin:
    """A tenth of the tested rows: the mean probability given, the share that came true, and how many rows."""

    given: float
    came: float
    rows: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Feature:
    """`share` is how much of all that the model goes by it is, 0 to 1."""

    name: str
    share: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelCard:
    """Kept with the model; a field added later needs a default, for the cards of before.

    The figures are of a model learnt from what was before `tested_from`, asked about `tested` cases since; the model
    in use has learnt from all. `accuracy` is the share of the likeliest answers that were right, `answered` that of
    the tickets that get an answer. `calibration` is the mean distance between probability and truth. `incumbent` is
    None if there was no champion to be compared with; names and labels may be customers' words.
    """

    title: str
    trained_at: datetime
    history_from: datetime
    history_until: datetime
    examples: int
    tested_from: datetime
    tested: int
    metric: str
    metric_words: str
    challenger: Score
    baseline: Score
    incumbent: Score | None
    gain: Score
    calibration: float
    accuracy: float
    answered: float
    verdict: str
    reliability: tuple[Bin, ...]
    features: tuple[Feature, ...]
    labels: tuple[str, ...]
    not_learnt: tuple[str, ...]
    limits: tuple[str, ...]


def reliability(answers: Answers) -> tuple[Bin, ...]:
    """Tenths of the rows by the probability given, from the least to the most."""
    return tuple(
        Bin(given=float(answers.chance[one].mean()), came=float(answers.came[one].mean()), rows=len(one))
        for one in tenths(answers)
    )


def card_markdown(card: ModelCard, *, plain: Callable[[str], str], plot: str | None = None) -> str:
    """The card as a page. `plain` makes a text harmless in Markdown; `plot` is the address of the picture, if any."""
    return "\n".join(_lines(card, plain, plot)) + "\n"


def _lines(card: ModelCard, plain: Callable[[str], str], plot: str | None) -> Iterator[str]:
    yield from (f"# {plain(card.title)}", "", f"**{plain(card.verdict)}**", "")
    window = f"{card.history_from:%Y-%m-%d} to {card.history_until:%Y-%m-%d}"
    yield f"- **learnt from**: {card.examples:,} examples, {window}"
    yield (
        f"- **tested on**: {card.tested:,} later cases, since {card.tested_from:%Y-%m-%d %H:%M UTC}, with a model "
        "learnt from what was before; the model in use has learnt from all"
    )
    yield f"- **{card.metric}**: {_score(card.challenger)}; {card.metric_words}"
    if card.incumbent is not None:
        gain = _score(card.gain, sign="+")
        yield f"- **the champion on the same cases**: {_score(card.incumbent)}; difference {gain}"
    yield f"- **the baseline on the same cases**: {_score(card.baseline)}; always the commonest answer"
    yield (
        f"- **probabilities**: {card.calibration:.3f} off on average; {card.accuracy:.1%} of the likeliest answers "
        f"right; {card.answered:.1%} of the cases get an answer"
    )
    yield from ("", "## Probability given and share that came true", "")
    if plot is not None:
        yield from (f"![Probability given against share that came true]({plot})", "")
    yield from ("| given | came true | rows |", "|---:|---:|---:|")
    yield from (f"| {one.given:.3f} | {one.came:.3f} | {one.rows:,} |" for one in card.reliability)
    yield from ("", "## What it goes by", "")
    yield from (f"- {plain(one.name)}: {one.share:.1%}" for one in card.features)
    if card.labels:
        yield from ("", f"Knows {len(card.labels)} answers: {_list(card.labels, plain)}")
    if card.not_learnt:
        yield from ("", f"Not learnt, because there are too few tickets: {_list(card.not_learnt, plain)}")
    yield from ("", "## Known limits", "")
    yield from (f"- {limit}" for limit in card.limits)


def _score(score: Score, *, sign: str = "") -> str:
    return f"{score.value:{sign}.3f} ({score.low:{sign}.3f} to {score.high:{sign}.3f})"


def _list(names: tuple[str, ...], plain: Callable[[str], str]) -> str:
    shown = ", ".join(plain(name) for name in names[:_MOST_LABELS])
    return shown + (f" and {len(names) - _MOST_LABELS} more" if len(names) > _MOST_LABELS else "")
