"""Does a customer's answer say that it is not fixed? "Not working again" does, "working again" does not.

A careful reading of a few words, not an understanding: it takes the customer's own words (no quoted mail), clause by
clause, in the languages of `incidents.texts.languages`; each language's words are only held against its own. In doubt
it says yes, because an unheard customer costs more than a second look; but what a machine says (an absence notice, a
bounce, a survey) is nobody's word. Machines that mark their mail are known before anybody reads it
(`incidents.models.Origin`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from incidents.texts.grammar import (
    WORD,
    all_fillers,
    clauses_of,
    folded_phrase,
    grammars,
    machine_words,
    of_any_language,
    phrase_pattern,
    prepared,
    recovers,
)


@dataclass(frozen=True, slots=True)
class _Heard:
    """What a clause says: the words of a complaint, and whether it stands whatever else is said; or a recovery."""

    complaint: str | None = None
    is_strong: bool = False
    is_recovery: bool = False


def says_still_broken(text: str, phrases: Iterable[str] = ()) -> str | None:
    """The words that say it is not fixed, or None. `phrases` replace what is built in."""
    known = tuple(phrases)
    asked = clauses_of(prepared(text))
    clauses = [clause for clause, _ in asked]
    heard = [_by_phrases(clause, known) if known else _by_grammar(clause) for clause in clauses]
    first = next((index for index, one in enumerate(heard) if one.complaint), None)
    if first is None or _speaks_a_machine(clauses, first):
        return None
    strong = next((one.complaint for one in heard if one.is_strong), None)
    if strong is not None:
        return strong
    if any(one.is_recovery and not is_question for one, (_, is_question) in zip(heard, asked, strict=True)):
        return None
    return heard[first].complaint


def _speaks_a_machine(clauses: Sequence[str], complaint_at: int) -> bool:
    """A notice says what it is before anything else; who complains first and is away later has complained."""
    return any(machine_words().search(clause) for clause in clauses[: complaint_at + 1])


def _by_phrases(clause: str, phrases: Sequence[str]) -> _Heard:
    negators, conditions = of_any_language("negators"), of_any_language("conditions")
    before = ""
    for phrase in phrases:
        found = phrase_pattern(folded_phrase(phrase), all_fillers()).search(clause)
        if found is None:
            continue
        before = clause[: found.start()]
        is_negative = negators.search(folded_phrase(phrase)) is not None
        near = " ".join(WORD.findall(before)[-4:])
        if conditions.search(before) or (not is_negative and negators.search(near)):
            continue
        is_strong = (
            of_any_language("still").search(clause) is not None
            or of_any_language("again").search(clause) is not None
        )
        return _Heard(complaint=phrase, is_strong=is_strong and not of_any_language("past").search(clause))
    return _Heard(is_recovery=any(recovers(clause, words) for words in grammars()))


def _by_grammar(clause: str) -> _Heard:
    recovery = False
    weak: str | None = None
    for language in grammars():
        complaint, is_strong = language.complaint(clause)
        if complaint is not None and is_strong:
            return _Heard(complaint=complaint, is_strong=True)
        weak = weak or complaint
        recovery = recovery or recovers(clause, language)
    if weak is not None:
        return _Heard(complaint=weak)
    return _Heard(is_recovery=recovery)
