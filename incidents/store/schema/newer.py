"""Words that a newer version has written beside us: read as the most modest word we know, and said once in the log."""

from __future__ import annotations

import logging
from enum import StrEnum
from functools import cache
from typing import TypeVar

from incidents.case import NewerWord

logger = logging.getLogger("liaison.store")
_Word = TypeVar("_Word", bound=StrEnum)


def known_word(kind: type[_Word], written: str, *, otherwise: _Word) -> _Word:
    """The word as it was written; `otherwise` where this version does not know it. A column read so must not be written
    back for a row that is there already."""
    try:
        return kind(written)
    except ValueError:
        tell_unknown(kind.__name__, written, otherwise.value)
        return otherwise


def word_as_written(kind: type[_Word], written: str) -> _Word | NewerWord:
    """The word as it was written, known or not: for what is only shown, or acted upon by whoever knows it."""
    try:
        return kind(written)
    except ValueError:
        tell_unknown(kind.__name__, written, "nothing")
        return NewerWord(written)


@cache  # once a word, however many rows have it
def tell_unknown(kind: str, written: str, otherwise: str) -> None:
    """Say in the log, once in a process, that a word is not known and what it is read as."""
    logger.warning(
        "the store has the %s %r, which this version does not know: it is read as %r. Bring all roles to one version",
        kind,
        written,
        otherwise,
    )
