"""Whatever a colleague reads is in each catalogue, with the values of the English sentence, and nothing else is."""

from __future__ import annotations

import pytest

from incidents.texts.team import TEAM_LANGUAGES
from tests.incidents.texts.team_sentences import catalogue, placeholders, said_in, said_in_code

SAID = tuple(said_in_code())
TRANSLATED = TEAM_LANGUAGES[1:]


def test_a_sentence_is_a_literal():
    """What is put together before it is looked up is in no catalogue."""
    assert [one.place for one in SAID if None in one.forms] == []


def test_nothing_is_worded_before_a_language_is_set():
    """A table says `sentence`, and `worded_as` where it is read: what is worded on import is English for ever."""
    assert [one.place for one in SAID if one.is_on_import] == []


def test_a_sentence_is_given_what_it_puts_in():
    wrong = [
        one.place
        for one in SAID
        if one.values is not None
        and None not in one.forms
        and frozenset().union(*map(placeholders, one.forms)) | {"count"} != one.values | {"count"}
    ]
    assert wrong == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_sentence_is_missing(language):
    """`python -m tests.incidents.texts.team_sentences` prints what is."""
    known = {one.id for one in catalogue(language) if one.id}
    assert sorted({one.place for one in SAID if one.id not in known}) == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_sentence_is_unused(language):
    said = {one.id for one in SAID}
    assert [one.id for one in catalogue(language) if one.id and one.id not in said] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_sentence_says_what_the_english_does(language):
    """The same values, each form whole, and the blanks at both ends that join it to what stands beside it."""
    for one in catalogue(language):
        if not one.id:
            continue
        english = one.id if isinstance(one.id, tuple) else (one.id,)
        forms = one.string if isinstance(one.string, tuple) else (one.string,)
        assert all(forms), one.id
        assert not one.fuzzy, one.id
        for form in forms:
            assert placeholders(form) | {"count"} == placeholders(english[-1]) | {"count"}, one.id
            assert form[:1].isspace() == english[-1][:1].isspace(), one.id
            assert form[-1:].isspace() == english[-1][-1:].isspace(), one.id
            assert form.count("\n") == english[-1].count("\n"), one.id


def test_what_is_said_is_found_in_code():
    """Control: what the tests above go by sees a literal, a table's sentence, both plural forms, and what is none."""
    source = 'worded("a {b}", b=1)\nworded_count("{count} x", "{count} y", 2)\nsentence("t")\nworded(name)\n'
    found = list(said_in(source, "x.py"))
    assert [one.forms for one in found] == [("a {b}",), ("{count} x", "{count} y"), ("t",), (None,)]
    assert found[0].values == {"b"}
    assert found[2].values is None
    source = 'A = worded("a")\nB = sentence("b")\n\n\ndef said(a=worded("c")):\n    return worded("d")\n'
    assert [one.forms for one in said_in(source, "x.py") if one.is_on_import] == [("a",), ("c",)]
