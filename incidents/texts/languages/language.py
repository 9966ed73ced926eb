"""What `incidents.texts.still_broken` needs to know of a language, and how its lists are written."""

from __future__ import annotations

from dataclasses import dataclass, field


def words(text: str) -> tuple[str, ...]:
    """A list of single words, apart by blanks; `crash*` stands for all that begin so."""
    return tuple(text.split())


def phrases(text: str) -> tuple[str, ...]:
    """A list of phrases, one a line or apart by commas; each of their words may end in `*`."""
    return tuple(phrase.strip() for line in text.splitlines() for phrase in line.split(",") if phrase.strip())


@dataclass(frozen=True, kw_only=True, slots=True)
class Language:
    """One language's words, as people write them; case and accents do not matter.

    - `negators` turn round what they stand beside; `negated_first` says that they stand before the verb only.
    - `works`: verbs and adjectives of what functions or is mended, `deeds`: what people and pages do then; `fails`: of
      what does not work, and its nouns; `failing`: phrases of those that are a complaint without any other word.
    - `modals`: "can" and its like; "cannot" is a complaint where it goes on or a word of `works` is near.
    - `still` says that it goes on, so that a complaint stands whatever else is said; `again` that it came back.
    - `same` stands before a word of `fails` or `things`.
    - `returns`: what faults do when they come back; with a word of `others` in the clause it is somebody or
      something else.
    - `unchanged`: whole phrases that are a complaint by themselves.
    - `recovered`: whole phrases that say it is over, beside `works`.
    - `thanks`: words of somebody who is content.
    - `conditions`: what follows has not happened. `past`: it may be over.
    - `adversatives` begin a clause of their own. `fillers` may stand between the words of a phrase.
    - `away`: whole phrases of absence notices, bounces, automatic answers and surveys.
    """

    name: str
    negators: tuple[str, ...] = ()
    negated_first: bool = False
    works: tuple[str, ...] = ()
    deeds: tuple[str, ...] = ()
    modals: tuple[str, ...] = ()
    fails: tuple[str, ...] = ()
    failing: tuple[str, ...] = ()
    still: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    things: tuple[str, ...] = ()
    returns: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    recovered: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    thanks: tuple[str, ...] = ()
    past: tuple[str, ...] = ()
    adversatives: tuple[str, ...] = ()
    fillers: tuple[str, ...] = ()
    away: tuple[str, ...] = field(default=())
