"""What people type, and what it means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.slack.commands import Typed, typed
from incidents.commands.verbs import Verb


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ack INC-2", Typed(verb=Verb.ACKNOWLEDGE, incident="INC-2")),
        ("  ACK\tinc-2  ", Typed(verb=Verb.ACKNOWLEDGE, incident="INC-2")),
        ("acknowledge #2", Typed(verb=Verb.ACKNOWLEDGE, incident="INC-2")),
        ("ack 2", Typed(verb=Verb.ACKNOWLEDGE, incident="INC-2")),
        ("ack", Typed(verb=Verb.ACKNOWLEDGE)),
        ("status", Typed(verb=Verb.STATUS)),
        ("status inc007", Typed(verb=Verb.STATUS, incident="INC-7")),
        (
            "resolve INC-2 was a bad deploy",
            Typed(verb=Verb.RESOLVE, incident="INC-2", text="was a bad deploy"),
        ),
        (
            "note INC-2 line one\nline  two",
            Typed(verb=Verb.NOTE, incident="INC-2", text="line one\nline  two"),
        ),
        ("note 2 pods restarted", Typed(verb=Verb.NOTE, text="2 pods restarted")),
        ("note a &lt; b &amp;amp; c", Typed(verb=Verb.NOTE, text="a < b &amp; c")),
        ("<@U0LIAISON> ack INC-2", Typed(verb=Verb.ACKNOWLEDGE, incident="INC-2")),
        ("<@U0LIAISON|liaison> <@W1> help", Typed(verb=Verb.HELP)),
        ("", Typed(verb=Verb.HELP)),
        ("fix everything", Typed(verb=Verb.HELP, text="fix everything")),
        ("ack JIRA-2", Typed(verb=Verb.ACKNOWLEDGE, text="JIRA-2")),
        ("ack INC-" + "9" * 30, Typed(verb=Verb.ACKNOWLEDGE, text="INC-" + "9" * 30)),
    ],
)
def test_commands(text: str, expected: Typed) -> None:
    """Verb, incident and text, as people write them; what is no command asks for help."""
    assert typed(text) == expected


@given(text=st.text(st.characters(exclude_categories=())))
def test_any_text_is_a_command(text: str) -> None:
    """Nothing typed can break it."""
    assert typed(text).verb in Verb
