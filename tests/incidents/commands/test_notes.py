"""Which notes are commands: those that begin with our word, and nothing that is quoted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.commands.help import HELP, usage
from incidents.commands.notes import command_in, first_command, more_commands


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("/liaison status", "status"),
        ("/LIAISON  Status", "Status"),
        ("!liaison status", "status"),
        ("/liaison: status", "status"),
        ("/liaison", ""),
        ("\n  /liaison escalate checkout\nsev2", "escalate checkout\nsev2"),
        ("/liaison note a\nb\n-- \nAda Agent", "note a\nb"),
        ("/liaison note a\n> /liaison close it", "note a"),
        ('<div class="zd-comment" dir="auto"><p dir="auto">/liaison link INC-7</p></div>', "link INC-7"),
        ("<div>/liaison note a &lt;b&gt;<br>c</div>", "note a <b>\nc"),
        ("<blockquote>she wrote</blockquote><p>/liaison status</p>", "status"),
        ("\u200b/liaison status", "status"),
        ("", None),
        ("status", None),
        ("please say /liaison status", None),
        ("/liaisons status", None),
        ("/liaison-bot hi", None),
        ("/liaison/status", None),
        ("/liaison,status", "status"),
        ("> /liaison status", None),
        ("On 1 May 2026, Eve <eve@x.example> wrote:\n> /liaison status", None),
        ("<blockquote>/liaison escalate</blockquote>", None),
        ('<div><div class="gmail_quote">/liaison escalate</div></div>', None),
        ("| /liaison status", None),
        ("INC-7: Bo: /liaison status", None),
    ],
)
def test_what_a_note_asks_for(text, words):
    assert command_in(text) == words


@given(st.text(max_size=200))
def test_any_text_is_read(text):
    found = command_in(text)
    assert found is None or "liaison" in text.lower()


def test_one_command_a_note():
    assert first_command("update a\nb\n /liaison close it\nc") == "update a\nb"
    assert first_command("") == ""
    assert more_commands("status\n /liaison close it")
    assert not more_commands("note I say\n/liaisons are good")


def test_no_help_of_ours_is_a_command():
    """Whatever it quotes, it begins otherwise."""
    for text in (usage(), *(one.example for one in HELP)):
        assert command_in(text) is None
