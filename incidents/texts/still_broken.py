"""Does a customer's answer say that it is not fixed? "Not working again" does, "working again" does not.

A careful reading of a few words, not an understanding: it takes the customer's own words (no quoted mail),
clause by clause, in the languages of `incidents.texts.answer_words`. In doubt it says yes, because an unheard
customer costs more than a second look.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from incidents.texts.answer_words import (
    CONDITIONS,
    DEFAULT_PHRASES,
    FILLERS,
    NEGATORS,
    PAST,
    PERSISTS,
    RECOVERED,
)

LOOKED_AT = 4_000
_MAX_CLAUSES = 200

_QUOTED_LINE = re.compile(r"^[ \t]{0,10}[>|].*$", re.MULTILINE)
_QUOTE_BEGINS = re.compile(
    r"^\s{0,10}(?:-{2,}\s{0,3}(?:original message|ursprungliche nachricht|forwarded|message d'origine)|"
    r"_{10,}|##- |from: |von: |de: |van: |da: |"
    r"(?:on|am|le|el|op|em|il)\b.{0,200}\b(?:wrote|schrieb|a ecrit|escribio|schreef|escreveu|ha scritto)\b)",
    re.MULTILINE,
)
_CLAUSES = re.compile(
    r"[.!?;,:\n()]|\s[-–—]\s|\b(?:but|however|although|though|aber|doch|jedoch|mais|pero|maar|mas|porem|ma|pero)\b"
)
_YES = re.compile("\\bs[íì]\\b")
_FILLER = "|".join(FILLERS)
_NOT = re.compile(
    r"\b(?:(is|are|was|were|do|does|did|has|have|had|could|would|should)n'?t|(ca)n'?t|(wo)n'?t|cannot)\b"
)


def says_still_broken(text: str, phrases: Iterable[str] = DEFAULT_PHRASES) -> str | None:
    """The phrase that says it is not fixed, or None. Only the first 4,000 characters are read."""
    clauses = [clause.strip() for clause in _CLAUSES.split(_own_words(text)) if clause.strip()]
    del clauses[_MAX_CLAUSES:]
    known = tuple(phrases)
    doubtful: str | None = None
    for clause in clauses:
        phrase = _complaint(clause, known)
        if phrase is None:
            continue
        words = set(clause.split())
        if words & PERSISTS and not words & PAST:
            return phrase
        doubtful = doubtful or phrase
    if doubtful is not None and any(_is_recovery(clause, known) for clause in clauses):
        return None
    return doubtful


def _own_words(text: str) -> str:
    """Folded, with contractions spelt out, and without the mail the customer answers to."""
    plain = unicodedata.normalize("NFKC", text[:LOOKED_AT]).casefold().replace("’", "'")
    # "sí" is yes and "si" is if: tell them apart before the accents go.
    decomposed = unicodedata.normalize("NFKD", _YES.sub("yes", plain))
    folded = "".join(mark for mark in decomposed if not unicodedata.combining(mark))
    begins = _QUOTE_BEGINS.search(folded)
    own = _QUOTED_LINE.sub("", folded[: begins.start()] if begins else folded)
    return _NOT.sub(_spelt_out, own)


def _spelt_out(contraction: re.Match[str]) -> str:
    verb, can, will = contraction.groups()
    return f"{verb} not" if verb else "will not" if will else "can not" if can or not verb else ""


def _complaint(clause: str, phrases: Sequence[str]) -> str | None:
    for phrase in phrases:
        pattern, is_negative = _pattern(phrase)
        found = pattern.search(clause)
        if found is None:
            continue
        before = clause[: found.start()].split()
        if CONDITIONS & set(before):
            continue
        if not is_negative and NEGATORS & set(before[-4:]):
            continue  # "no longer the same problem", "not broken again"
        return phrase
    return None


def _is_recovery(clause: str, phrases: Sequence[str]) -> bool:
    if _complaint(clause, phrases) is not None:
        return False
    if any(_pattern(word)[0].search(clause) for word in ("no longer", "is gone")):
        return True
    if NEGATORS & set(clause.split()) or CONDITIONS & set(clause.split()):
        return False
    return any(_pattern(word)[0].search(clause) for word in RECOVERED)


@lru_cache(maxsize=2048)
def _pattern(phrase: str) -> tuple[re.Pattern[str], bool]:
    """The phrase with room for filler words, and whether it says "not" by itself."""
    words = _own_words(phrase).split()
    gap = rf"(?:\s{{1,5}}(?:{_FILLER})){{0,3}}\s{{1,5}}"
    return re.compile(rf"\b{gap.join(map(re.escape, words))}\b"), bool(NEGATORS & set(words))
