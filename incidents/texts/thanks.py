"""Does a customer's answer owe an answer? "Thanks, it works again" does not; a question does."""

from __future__ import annotations

from incidents.texts.grammar import clauses_of, grammars, machine_words, prepared, recovers
from incidents.texts.still_broken import says_still_broken

_MOST_WORDS = 60


def owes_no_answer(text: str) -> bool:
    """Whether it is nothing but thanks, that it works, or a machine's notice.

    In doubt it owes one: a promise too many is seen by an agent, one too few by nobody.
    """
    clauses = clauses_of(prepared(text))
    if says_still_broken(text) is not None:
        return False
    if any(machine_words().search(clause) for clause, _ in clauses):
        return True
    if any(is_question for _, is_question in clauses):
        return False
    if sum(len(clause.split()) for clause, _ in clauses) > _MOST_WORDS:
        return False
    return any(
        language.thanks.search(clause) or recovers(clause, language)
        for clause, _ in clauses
        for language in grammars()
    )
