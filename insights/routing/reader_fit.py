"""How readers learn: by Adam (Kingma, Ba 2015), words left out at random, labels a little smoothed.

`autograd` finds the slopes. A step costs some 30 ms on one core whatever the history's size, so their number is bounded
and with it the time: a minute or two a reader.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import autograd.numpy as traced
import numpy as np
from autograd import value_and_grad
from numpy.typing import NDArray
from scipy import sparse

from insights.routing.reader import (
    FILTERS,
    WIDTH,
    WINDOWS,
    Floats,
    Net,
    Reader,
    forward,
    shifted,
)
from insights.routing.reader_words import (
    AFTER,
    BEFORE,
    Spelling,
    Written,
)

PASSES = 25
MOST_STEPS = 4_000
AT_ONCE = 64
"""Texts a step."""

SORTED = 8
"""Steps whose texts are sorted by length together: each step is then as long as its own texts are."""

RATE, SLOWEST = 2e-3, 1e-5
"""Of learning: risen to in the first steps, then falling evenly to the other."""

RISE = 200
WORDS_LEFT_OUT, NUMBERS_LEFT_OUT, FINDINGS_LEFT_OUT = 0.3, 0.2, 0.5
SMOOTHING = 0.1
FADING = 1e-4


@dataclass(frozen=True, kw_only=True, eq=False)
class _Step:
    """A step's texts: the rows of their different words, where those stand, and what is left out this time."""

    stand: NDArray[np.int64]
    counts: Floats
    words_kept: Floats
    findings_kept: list[Floats]
    mean_kept: Floats
    wanted: Floats


class _Adam:
    """Moves one array along its slopes, in place."""

    def __init__(self, array: Floats) -> None:
        self._array, self._mean, self._square = array, np.zeros_like(array), np.zeros_like(array)

    def move(self, slope: Floats, *, rate: float, step: int) -> None:
        self._mean += 0.1 * (slope - self._mean)
        self._square += 0.01 * (slope * slope - self._square)
        spread = np.sqrt(self._square / (1 - 0.99**step)) + 1e-8
        self._array -= np.float32(rate / (1 - 0.9**step)) * self._mean / spread
        self._array *= np.float32(1 - rate * FADING)


def fit_reader(
    texts: Sequence[str], truth: NDArray[np.int64], labels: int, *, is_stemmed: bool, seed: int
) -> Reader:
    """Learn from texts and the numbers of their labels. The same texts and seed make the same reader on one machine."""
    random = np.random.default_rng(seed)
    spelling = Spelling.learn(texts, is_stemmed=is_stemmed)
    written = Written.of(texts, spelling)
    reader = Reader(
        spelling=spelling,
        words=_drawn(random, len(spelling.words), WIDTH, spread=0.1),
        runs=_drawn(random, len(spelling.runs), WIDTH, spread=0.1),
        net=_beginning(random, labels),
    )
    slopes = value_and_grad(_surprise)
    movers = [_Adam(array) for array in (reader.words, reader.runs, *reader.net.arrays())]
    passes = max(1, min(PASSES, MOST_STEPS // max(len(texts) // AT_ONCE, 1)))
    batches = [batch for _ in range(passes) for batch in _batches(random, written.lengths)]
    for number, batch in enumerate(batches[:MOST_STEPS], start=1):
        # Each text has an empty word before it, which is the first.
        used = np.unique(written.places[batch])[1:] - 1
        rows = reader.spelled(_only(written, used))
        step = _step(random, written, batch, used, _smoothed(truth[batch], labels))
        words = np.vstack([np.zeros((1, WIDTH), np.float32), rows])[step.stand] * step.words_kept
        _, (of_net, of_shifted) = slopes((_unpacked(reader.net), shifted(words)), step)
        of_rows = _gathered(of_shifted, step, len(used))
        of_words = np.zeros_like(reader.words)
        is_known = written.known[used] >= 0
        of_words[written.known[used][is_known]] = of_rows[is_known]
        of_runs = np.asarray(written.letters[used].T @ of_rows, np.float32)
        rate = max(RATE * min(1, number / RISE) * (1 - number / len(batches)), SLOWEST)
        for mover, slope in zip(movers, (of_words, of_runs, *_packed(of_net).arrays()), strict=True):
            mover.move(np.asarray(slope, np.float32), rate=rate, step=number)
    return reader


def _gathered(of_shifted: Sequence[Floats], step: _Step, used: int) -> Floats:
    """The slopes of each different word, from those of all its places.

    By hand: `autograd` would follow each look-up by itself, which takes twenty times as long.
    """
    texts, length = step.stand.shape
    of_words = np.zeros((texts, length, WIDTH), np.float32)
    for by, slope in enumerate(of_shifted):
        of_words[:, BEFORE - by : length - by] += slope.reshape(texts, length - BEFORE, WIDTH)
    of_words *= step.words_kept
    places = step.stand.ravel()
    at = sparse.csr_matrix(
        (np.ones(len(places), np.float32), (places, np.arange(len(places)))), shape=(used + 1, len(places))
    )
    return np.asarray(at @ of_words.reshape(-1, WIDTH))[1:]


def _surprise(learnt: tuple[tuple[object, ...], Sequence[Floats]], step: _Step) -> float:
    """How unlikely the smoothed labels are, on average."""
    net, words = learnt
    scores = forward(
        _packed(net), words, step.counts, findings_kept=step.findings_kept, mean_kept=step.mean_kept
    )
    # What is taken away for the exponential's sake changes nothing, so no slope has to follow it.
    highest = np.max(getattr(scores, "_value", scores), axis=1, keepdims=True)
    total = traced.log(traced.sum(traced.exp(scores - highest), axis=1, keepdims=True)) + highest
    surprise: float = -traced.mean(traced.sum((scores - total) * step.wanted, axis=1))
    return surprise


def _step(
    random: np.random.Generator,
    written: Written,
    batch: NDArray[np.int64],
    used: NDArray[np.int64],
    wanted: Floats,
) -> _Step:
    length = BEFORE + int(written.lengths[batch].max()) + AFTER
    places = written.places[batch, :length]
    is_kept = (places > 0) & (random.random(places.shape) >= WORDS_LEFT_OUT)
    return _Step(
        stand=np.where(places > 0, np.searchsorted(used, places - 1) + 1, 0),
        counts=is_kept.sum(axis=1).astype(np.float32),
        words_kept=is_kept[:, :, None] * _kept(random, (*places.shape, WIDTH), NUMBERS_LEFT_OUT),
        findings_kept=[_kept(random, (len(batch), FILTERS), FINDINGS_LEFT_OUT) for _ in WINDOWS],
        mean_kept=_kept(random, (len(batch), WIDTH), FINDINGS_LEFT_OUT),
        wanted=wanted,
    )


def _smoothed(truth: NDArray[np.int64], labels: int) -> Floats:
    """What is wanted of each label: nearly all of the true one, a little of every other."""
    wanted = np.full((len(truth), labels), SMOOTHING / labels, np.float32)
    wanted[np.arange(len(truth)), truth] += np.float32(1 - SMOOTHING)
    return wanted


def _kept(random: np.random.Generator, shape: tuple[int, ...], left_out: float) -> Floats:
    """Zero for what is left out, the rest louder by as much."""
    is_kept = random.random(shape, dtype=np.float32) >= left_out
    return is_kept.astype(np.float32) * np.float32(1 / (1 - left_out))


def _batches(random: np.random.Generator, lengths: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """All texts once, those of like length together, in no order."""
    order = random.permutation(len(lengths))
    found: list[NDArray[np.int64]] = []
    for start in range(0, len(order), AT_ONCE * SORTED):
        part = order[start : start + AT_ONCE * SORTED]
        part = part[np.argsort(lengths[part], kind="stable")]
        found += [part[at : at + AT_ONCE] for at in range(0, len(part), AT_ONCE)]
    for number in random.permutation(len(found)):
        if lengths[found[number]].any():
            yield found[number]


def _only(written: Written, used: NDArray[np.int64]) -> Written:
    """Of all different words these alone."""
    return Written(
        places=written.places,
        lengths=written.lengths,
        known=written.known[used],
        letters=written.letters[used],
    )


def _beginning(random: np.random.Generator, labels: int) -> Net:
    return Net(
        filters=[
            [_drawn(random, WIDTH, FILTERS, spread=(window * WIDTH) ** -0.5) for _ in range(window)]
            for window in WINDOWS
        ],
        thresholds=[np.zeros(FILTERS, np.float32) for _ in WINDOWS],
        found=[_drawn(random, FILTERS, labels, spread=0.02) for _ in WINDOWS],
        mean=_drawn(random, WIDTH, labels, spread=0.02),
        labels=np.zeros(labels, np.float32),
    )


def _drawn(random: np.random.Generator, rows: int, columns: int, *, spread: float) -> Floats:
    return random.standard_normal((rows, columns), dtype=np.float32) * np.float32(spread)


def _unpacked(net: Net) -> tuple[object, ...]:
    """As `autograd` follows it: it knows tuples and lists, not classes."""
    return net.filters, net.thresholds, net.found, net.mean, net.labels


def _packed(parts: tuple[object, ...]) -> Net:
    filters, thresholds, found, mean, labels = parts
    return Net(filters=filters, thresholds=thresholds, found=found, mean=mean, labels=labels)  # type: ignore[arg-type]
