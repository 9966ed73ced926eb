"""The table of answers is what its figures say it is."""

from collections import Counter

from bench.replies import FALSE_GOAL, RECALL_GOAL, answers, heard_share


def test_the_table_has_twelve_languages_and_half_of_each_kind():
    """At least four hundred answers, no one twice, about a third held back in every language."""
    table = answers()
    assert len(table) >= 400
    assert len({(answer.language, answer.text) for answer in table}) == len(table)
    assert len({answer.language for answer in table}) == 12
    kinds = Counter(answer.is_complaint for answer in table)
    assert kinds[True] == kinds[False]
    for language in {answer.language for answer in table}:
        held = [answer for answer in table if answer.language == language and answer.is_held]
        assert {answer.is_complaint for answer in held} == {True, False}


def test_complaints_are_heard_and_machines_are_not():
    """The goals hold on the whole table."""
    assert heard_share(answers(), complaints=True) >= RECALL_GOAL
    assert heard_share(answers(), complaints=False) <= FALSE_GOAL
