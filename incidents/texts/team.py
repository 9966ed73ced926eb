"""What colleagues read, in the language of their team. Only words go by it: nothing is decided by what it says.

The English sentence stands in the code, where its meaning is seen, and is its own name in the catalogues
(`incidents/texts/catalogues/team`, gettext's files). Which language is read is set around a step of the process
(`team_reads`), by the policy that the step goes by; so a decision need not hand it on. Whoever sets none reads English:
the command line and the logs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from gettext import NullTranslations
from importlib.resources import files
from typing import NewType

from incidents.texts.catalogue import ENGLISH, compiled

TEAM_LANGUAGES = (ENGLISH, "de")
"""The languages that a team can read. Each has every sentence: `tests/incidents/texts/test_team_catalogues.py`."""

MARKED = "en-XA"
"""No team's language, and no policy can set it: English with each sentence in ⟦ ⟧ and each value in it in ⟪ ⟫, by which
tests find what is neither in the catalogues nor data. `XA` is CLDR's region for texts that only look translated
(https://www.unicode.org/reports/tr35/)."""

Sentence = NewType("Sentence", str)
"""An English sentence of a table, which is looked up when it is said (`worded_as`)."""

_PLACEHOLDER = re.compile(r"\{\w*\}")
_READS: ContextVar[Callable[[], str]] = ContextVar("team_language", default=lambda: ENGLISH)


def sentence(text: str) -> Sentence:
    """Marks a literal for the catalogues, where it is not said at once."""
    return Sentence(text)


def worded(text: str, /, **values: object) -> str:
    """The English `text`, a literal, as the team reads it. Values go into its `{placeholders}` and are never read as
    text of ours."""
    return _translations().gettext(text).format_map(values)


def worded_as(known: Sentence, /, **values: object) -> str:
    """The same for a sentence of a table."""
    return _translations().gettext(known).format_map(values)


def worded_count(one: str, many: str, count: int, /, **values: object) -> str:
    """The form for so many; `{count}` is the number unless a value says how it is shown."""
    return _translations().ngettext(one, many, count).format_map({"count": count} | values)


def unfilled(text: str, /) -> str:
    """The same with its `{placeholders}`, for whoever fills them in as markup."""
    return _translations().gettext(text)


def unfilled_count(one: str, many: str, count: int, /) -> str:
    """The form for so many, likewise; `{count}` is one of its placeholders."""
    return _translations().ngettext(one, many, count)


def team_language() -> str:
    """The language that is read here."""
    return _READS.get()()


@contextmanager
def team_reads(language: str) -> Iterator[None]:
    """What is worded within is in this language, one of `TEAM_LANGUAGES`; also in tasks that are begun within."""
    with team_reads_by(lambda: language):
        yield


@contextmanager
def team_reads_by(language: Callable[[], str]) -> Iterator[None]:
    """The same where the language may change meanwhile: it is asked for at each sentence."""
    # Set back by hand: a token could not be used where a fixture or a generator ends in another context.
    before = _READS.get()
    _READS.set(language)
    try:
        yield
    finally:
        _READS.set(before)


class _Marked(NullTranslations):
    """What `MARKED` reads: the sentence itself, between marks."""

    def gettext(self, message: str) -> str:
        return "⟦" + _PLACEHOLDER.sub(r"⟪\g<0>⟫", message) + "⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


def _translations() -> NullTranslations:
    return _catalogue(team_language())


@cache
def _catalogue(language: str) -> NullTranslations:
    if language == ENGLISH:
        return NullTranslations()
    if language == MARKED:
        return _Marked()
    # Read at the first sentence, never on import.
    written = (files(__package__) / "catalogues" / "team" / f"{language}.po").read_bytes()
    return compiled(written, language)[0]
