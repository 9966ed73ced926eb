"""What comes through the redaction, and what it spoils.

    python -m bench only=redaction

2,000 secrets are planted by a seed into the sentences of `planted.tsv` (written for this; twenty-nine languages); the
half marked `held` was not looked at when the patterns were written, and its figure is what a new sentence may expect.
A secret is taken when none of its parts of four characters or more is left, of numbers none of their digits in order.
The ordinary sentences are customers' questions, requests and engineers' reports of `../shared/data`.
"""

from __future__ import annotations

import csv
import gzip
import re
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bench.redaction import values
from bench.result import Result, progress
from incidents.redaction.redaction import redact
from incidents.texts.plain_text import visible

TEMPLATES = Path(__file__).with_name("planted.tsv")
DATA = Path(__file__).parents[3] / "shared" / "data"
SEED = 20_261_129
PLANTED = 2000
ORDINARY = 20_000
PROMISED = ("card", "iban", "email", "phone", "password", "code", "cookie", "token", "login")
OTHERS = ("national_id", "birth_date", "address")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Planted:
    """A sentence with a secret in it."""

    part: str
    kind: str
    language: str
    text: str
    secret: str

    @property
    def came_through(self) -> bool:
        """Whether a part of the secret can be read in what is handed on."""
        left = redact(self.text)
        if self.kind in ("card", "phone", "code", "national_id"):
            digits = "".join(filter(str.isdecimal, self.secret))
            return digits in "".join(filter(str.isdecimal, left))
        secret = self.secret.partition("=")[2] if self.kind == "cookie" else self.secret
        if self.kind == "login":
            secret = self.secret.partition("://")[2].partition("@")[0]
        parts = [part for part in re.split(r"[\s:]+", secret) if len(part) >= 4] or [secret]
        return any(part in left for part in parts)


def planted(count: int = PLANTED, *, seed: int = SEED) -> Sequence[Planted]:
    """As many sentences of each template of a kind as its share: four in five of the promised kinds."""
    dice = Random(seed)
    with TEMPLATES.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    made = []
    for kinds, share in ((PROMISED, count * 4 // 5), (OTHERS, count // 5)):
        for number in range(share):
            kind = kinds[number % len(kinds)]
            part = ("tuned", "held")[number // len(kinds) % 2]
            row = dice.choice([row for row in rows if (row["kind"], row["part"]) == (kind, part)])
            made.append(_planted(row, dice))
    return made


def _planted(row: dict[str, str], dice: Random) -> Planted:
    template, kind = row["template"], row["kind"]
    if kind == "national_id":
        label = dice.choice(values.LABELS)
        template = template.replace("{label}", label)
        secret = values.national_id(dice, label)
    elif kind == "address":
        language = row["language"]
        secret = values.address(dice, language)
        template = template.replace(f"{{{language}}}", "{}")
    else:
        secret = getattr(values, kind)(dice)
    return Planted(
        part=row["part"],
        kind=kind,
        language=row["language"],
        text=template.replace("{}", secret, 1),
        secret=secret,
    )


def ordinary(count: int = ORDINARY) -> Sequence[str]:
    """Customers' questions, what a city was asked for, and engineers' reports, sentence by sentence."""
    found: dict[str, None] = {}
    for sentence in _sentences():
        found.setdefault(sentence)
        if len(found) == count:
            break
    return list(found)


def _sentences() -> Iterator[str]:
    for row in _rows("banking77/queries.csv.gz"):
        yield row["text"]
    for row in _rows("boston311/requests.csv.gz"):
        yield row["case_title"]
    for row in _rows("gitbugs_hadoop/issues.csv.gz"):
        yield row["Summary"]
        yield from (part.strip() for part in _SENTENCE.split(row["Description"]) if len(part.split()) > 2)


def _rows(name: str) -> Iterator[dict[str, str]]:
    with gzip.open(DATA / name, "rt", newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def redaction_figures() -> Iterator[Result]:
    """Recall by part and kind, false alarms, and what a sentence costs."""
    everything = planted()
    through = [one for one in everything if one.came_through]
    for part in ("tuned", "held"):
        for name, kinds in (("promised kinds", PROMISED), ("other kinds", OTHERS)):
            of = [one for one in everything if one.part == part and one.kind in kinds]
            lost = Counter(one.kind for one in through if one.part == part and one.kind in kinds)
            progress(f"{part}, {name}: through {dict(lost)}")
            recall = 1 - sum(lost.values()) / len(of)
            yield Result(
                name=f"redaction: recall, {name}, {part}",
                value=round(recall, 4),
                unit="",
                ratio=None,
                against="",
                n=len(of),
            )
    if not DATA.exists():
        progress(f"{DATA} is not there: no figure for ordinary sentences")
        return
    sentences = ordinary()
    began = time.process_time()
    touched = sum(redact(sentence) != visible(sentence) for sentence in sentences)
    spent = (time.process_time() - began) / len(sentences)
    yield Result(
        name="redaction: ordinary sentences touched", value=round(touched / len(sentences), 5), unit="", ratio=None,
        against="", n=len(sentences),
    )  # fmt: skip
    yield Result(
        name="redaction: a sentence",
        value=round(spent * 1e6, 1),
        unit="µs",
        ratio=None,
        against="",
        n=len(sentences),
    )
    long = "\n".join(sentences)[:50_000]
    times = []
    for _ in range(5):
        began = time.process_time()
        redact(long)
        times.append(time.process_time() - began)
    yield Result(
        name="redaction: a text of 50,000 characters", value=round(statistics.median(times) * 1e3, 1), unit="ms",
        ratio=None, against="", n=5,
    )  # fmt: skip
