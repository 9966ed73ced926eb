"""What is worded is in the team's language; whoever sets none reads English."""

from __future__ import annotations

import asyncio

import pytest

from incidents.commands.help import HELP, help_about, usage
from incidents.commands.parsing import Ground, parse
from incidents.commands.words import Mistake
from incidents.texts.team import sentence, team_language, team_reads, worded, worded_as, worded_count
from incidents.texts.times import clock, day_and_clock, duration
from tests.incidents.builders import NOW

KNOWN = sentence("Not us")


def said():
    return worded("{who} is on it", who="Ana"), worded_as(KNOWN)


def test_it_is_english_until_a_language_is_set_and_again_after():
    english = ("Ana is on it", "Not us")
    assert said() == english
    with team_reads("de"):
        assert said() == ("Ana arbeitet daran", "Nicht für uns")
        with team_reads("en"):
            assert said() == english
        assert team_language() == "de"
    assert said() == english


def test_it_is_english_again_after_an_error():
    with pytest.raises(RuntimeError), team_reads("de"):
        raise RuntimeError
    assert team_language() == "en"


async def test_tasks_begun_within_read_it_and_others_beside_do_not():
    """Two steps at once, of two policies: each in its own language."""

    async def in_language(language):
        with team_reads(language):
            await asyncio.sleep(0)
            return await asyncio.create_task(of_its_own())

    async def of_its_own():
        await asyncio.sleep(0)
        return said()[1]

    assert await asyncio.gather(*map(in_language, ["de", "en", "de"])) == [
        "Nicht für uns",
        "Not us",
        "Nicht für uns",
    ]


@pytest.mark.parametrize(
    ("count", "english", "german"),
    [(0, "0 customers", "0 Kunden"), (1, "1 customer", "1 Kunde"), (2, "2 customers", "2 Kunden")],
)
def test_plurals(count, english, german):
    forms = ("{count} customer", "{count} customers", count)
    assert worded_count(*forms) == english
    with team_reads("de"):
        assert worded_count(*forms) == german


@pytest.mark.parametrize("language", ["en", "de"])
def test_what_is_put_in_is_never_read_as_text_of_ours(language):
    """A stranger's braces stay braces, and a stranger's words are looked up in no catalogue."""
    with team_reads(language):
        assert worded("{who} is on it", who="{0} {who!r}").startswith("{0} {who!r} ")
        assert worded("{by} says that it is theirs", by="Not us").count("Not us") == 1


def test_what_no_catalogue_has_is_said_in_english():
    with team_reads("de"):
        assert (
            worded("A sentence of a newer version, {who}", who="Ana") == "A sentence of a newer version, Ana"
        )


def test_times():
    assert (clock(NOW), day_and_clock(NOW)) == ("12:00 UTC", "2026-11-22 12:00 UTC")
    with team_reads("de"):
        assert (clock(NOW), day_and_clock(NOW)) == ("12:00 Uhr UTC", "22.11.2026, 12:00 Uhr UTC")
        assert duration(NOW - NOW.replace(hour=13)) == "vor 1 h 00 min"


def test_what_the_help_gives_as_examples_works_in_german_too():
    """The verbs stay English."""
    for one in HELP:
        with team_reads("de"):
            example = worded_as(one.example)
            assert worded_as(one.usage).split()[0] == one.usage.split()[0]
        ground = Ground(is_on_ticket=True, services=["checkout", "search"])
        (typed, command), (_, in_english) = parse(example, ground), parse(one.example, ground)
        assert typed.verb is one.verb
        assert not isinstance(command, Mistake), example
        assert type(command) is type(in_english)


def test_the_help_in_german():
    with team_reads("de"):
        lines = usage().splitlines()
        assert lines[0] == "Befehle:"
        assert "- close Grund: es ist vorbei, auf eigene Verantwortung" in lines
        assert "for" not in help_about(HELP[0].verb).split()


def test_what_liaison_does_itself_is_no_order_to_the_reader():
    """German has one form for "I try" and "try!": whoever reads it in a hurry might start the action by hand."""
    with team_reads("de"):
        said = worded("Trying the action '{action}' before waking anybody", action="restart")
    assert said == "Bevor jemand geweckt wird, wird die Aktion „restart“ versucht"
