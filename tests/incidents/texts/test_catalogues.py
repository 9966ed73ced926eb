"""Every text in every language renders whatever it is given, and says no less than English does."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import pytest
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from incidents.texts.catalogue import (
    ENGLISH,
    LANGUAGES,
    CatalogueText,
    TimePattern,
    has_text,
    plural_in,
    text_in,
)
from incidents.texts.messages import VARIABLES, check_template, customer_message
from incidents.texts.tongues import Tongue, Wording

COMPLETE = ("en", "de")
ALL = [(language, text) for language in LANGUAGES for text in CatalogueText if has_text(language, text)]
T = CatalogueText
MISSING = {language: {T.REOPENED, T.LATE, TimePattern.SPAN} for language in ("fr", "es")}
"""What French and Spanish lack: it is said in English. Whoever writes one takes it away here."""
NAMES = {text.value for kind in (CatalogueText, TimePattern) for text in kind}
FULL = {
    "customer_name": "Ada", "service": "Checkout", "incident": "INC-7", "next_update": "14:30 UTC",
    "since": "14:02 UTC", "owner": "Ben", "so_far": "10:05 UTC: called", "words": "Cards work.", "state": "called",
}  # fmt: skip


def variables(template):
    """Those that are printed or asked for."""
    return {name for name in VARIABLES if re.search(rf"\b{name}\b", template)}


def tags(template):
    return re.findall(r"{[{%]\s*.*?[%}]}", template)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_file_is_read_whole_and_has_only_what_is_asked_for(language):
    """A misspelt name would never be read."""
    written = (files("incidents.texts") / "catalogues" / f"{language}.po").read_bytes()
    catalogue = read_po(written.decode().splitlines(keepends=True), locale=language, abort_invalid=True)
    names = [one.id if isinstance(one.id, str) else one.id[0] for one in catalogue if one.id]
    assert set(names) <= NAMES
    assert len(names) == len(set(names))
    assert all(one.string and not one.fuzzy for one in catalogue if one.id)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_missing_is_known(language):
    """English and German have all; of the others it is written down here what they lack."""
    texts = [text for kind in (CatalogueText, TimePattern) for text in kind]
    lacking = {text for text in texts if not has_text(language, text)}
    assert lacking == (set() if language in COMPLETE else MISSING[language])


@pytest.mark.parametrize("text", CatalogueText)
def test_what_is_missing_is_said_in_english_with_english_times(text):
    """No message is half in one language and half in another."""
    template, spoken = Wording(text).spoken(Tongue("fr", "Europe/Paris"), Tongue("de", "UTC"))
    if text in MISSING["fr"]:
        assert (template, spoken) == (text_in(ENGLISH, text), Tongue("en_150", "Europe/Paris"))
    else:
        assert spoken == Tongue("fr", "Europe/Paris")


@pytest.mark.parametrize(("language", "text"), ALL)
def test_it_is_a_template_that_asks_and_prints_what_english_does(language, text):
    """Who has it and how it stands, since when, when they hear again: none is lost in a translation."""
    template, english = text_in(language, text), text_in(ENGLISH, text)
    check_template(template)
    assert sorted(tags(template)) == sorted(tags(english))
    for value in ({"next_update": ""}, {}):
        said = customer_message(template, **FULL | value)
        shown = customer_message(english, **FULL | value)
        for name in variables(english):
            assert (FULL[name] in said) == (FULL[name] in shown)
        assert not re.search(r"[{}]|%}", said)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("text", "needs"),
    [
        (T.PROGRESS, {"state", "since", "next_update", "incident", "service"}),
        (T.REOPENED, {"state", "next_update", "incident", "service"}),
        (T.UPDATE, {"state", "since", "next_update", "incident", "service"}),
        (T.LATE, {"state", "since", "so_far", "next_update", "incident", "service"}),
        (T.MONITORING, {"next_update", "incident", "service"}),
        (T.WORDS, {"words", "next_update", "incident"}),
        (T.AFFECTED_OPENING, {"state", "since", "incident", "service"}),
        (T.PUBLIC_OPENING, {"state", "since", "next_update", "service"}),
        (T.PUBLIC_UPDATE, {"state", "next_update", "service"}),
    ],
)
def test_a_customer_can_tell_who_has_it_since_when_and_when_they_hear_again(language, text, needs):
    """What a reader asks first is in each message while it lasts."""
    assert needs <= variables(text_in(language, text))


_ANY = st.text(max_size=60)


@given(
    st.sampled_from(ALL),
    st.fixed_dictionaries(dict.fromkeys(VARIABLES, _ANY | st.just(""))),
)
def test_every_text_renders_with_every_set_of_values(which, values):
    """Whatever is put in: no mistake, no placeholder left, and nothing that was put in is read as a template."""
    plain = {name: re.sub(r"[{}%#]", "", value) for name, value in values.items()}
    said = customer_message(text_in(*which), **plain)
    assert said
    assert not re.search(r"[{}%]", said)
    customer_message(text_in(*which), **values)


MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
LOCALES = ["en_150", "en_US", "en_GB", "de", "de_AT", "de_CH", "fr", "fr_CA", "es", "es_MX"]
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "America/St_Johns"]


@given(st.sampled_from(LOCALES), st.sampled_from(ZONES), st.lists(MOMENTS, min_size=1, max_size=6), MOMENTS)
def test_every_moment_can_be_said(locale, zone, times, now):
    """One line, with digits and a zone, and no pattern left."""
    spoken = Tongue(locale, zone)
    for said in (spoken.moment(times[0], now=now), spoken.moments(times, now=now)):
        assert re.search(r"\d", said)
        assert re.search(r"[A-Z]{2,}", said)
        assert "\n" not in said
        assert not re.search(r"[{}']", said)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("count", [0, 1, 2, 4, 101])
def test_plurals(language, count):
    """The form that the language has for so many, or English's."""
    said = plural_in(language, TimePattern.SPAN, count).format(first="10:05", last="11:05 UTC", count=count)
    assert str(count) in said
    assert "10:05" in said
    if language == ENGLISH:
        assert said.endswith("time" if count == 1 else "times")


@pytest.mark.parametrize(
    ("spoken", "said", "tomorrow"),
    [
        (Tongue("en_150", "UTC"), "14:30 UTC", "1 December, 00:30 UTC"),
        (Tongue("en_US", "America/New_York"), "9:30 AM EST", "7:30 PM EST"),
        (Tongue("de", "Europe/Berlin"), "15:30 Uhr MEZ", "1. Dezember, 01:30 Uhr MEZ"),
        (Tongue("fr", "Europe/Paris"), "15:30 (UTC+01:00)", "1 décembre, 01:30 (UTC+01:00)"),
        (Tongue("es", "Europe/Madrid"), "15:30 (CET)", "1 de diciembre, 1:30 (CET)"),
        (Tongue("de", "Asia/Kolkata"), "20:00 Uhr UTC+05:30", "1. Dezember, 06:00 Uhr UTC+05:30"),
    ],
)
def test_a_time_is_said_by_the_readers_clock_and_habit(spoken, said, tomorrow):
    """With the date where it is another day there."""
    now = datetime(2026, 11, 30, 14, 30, tzinfo=UTC)
    assert spoken.moment(now, now=now) == said
    assert spoken.moment(now + timedelta(hours=10), now=now) == tomorrow
