"""Who made a mail, by its headers: machines mark theirs in many ways, people in none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.kit.mail_headers import origin_of
from incidents.models import Origin

O = Origin  # noqa: E741 - a table reads better


@pytest.mark.parametrize(
    ("headers", "origin"),
    [
        ([], O.PERSON),
        ([("Subject", "Automatic reply: still broken")], O.PERSON),
        ([("Auto-Submitted", "auto-replied")], O.AUTOMATIC),
        ([("auto-submitted", 'Auto-Generated; owner-email="x"')], O.AUTOMATIC),
        ([("Auto-Submitted", "no")], O.PERSON),
        ([("Auto-Submitted", "")], O.PERSON),
        ([("X-Autoreply", "yes")], O.AUTOMATIC),
        ([("X-Autoreply", "no")], O.PERSON),
        ([("X-Autorespond", "Away until Monday")], O.AUTOMATIC),
        ([("Precedence", "auto_reply")], O.AUTOMATIC),
        ([("Precedence", "bulk")], O.LIST),
        ([("Precedence", "list")], O.LIST),
        ([("Precedence", "first-class")], O.PERSON),
        ([("List-Id", "News <news.example.com>")], O.LIST),
        ([("X-Auto-Response-Suppress", "All")], O.PERSON),
        ([("Return-Path", "<>")], O.BOUNCE),
        ([("Return-Path", "<ann@example.com>")], O.PERSON),
        ([("X-Failed-Recipients", "ann@example.com")], O.BOUNCE),
        ([("Content-Type", 'multipart/report; report-type=delivery-status; boundary="x"')], O.BOUNCE),
        ([("Content-Type", 'multipart/alternative; boundary="x"')], O.PERSON),
        ([("Return-Path", "<>"), ("Auto-Submitted", "auto-replied")], O.BOUNCE),
        ([("List-Id", "x"), ("Auto-Submitted", "auto-replied")], O.AUTOMATIC),
    ],
)
def test_what_headers_say(headers, origin):
    """Standards first, then what every second mail program sends; the surest word counts."""
    assert origin_of(headers) is origin


@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=200))))
def test_any_headers_say_something(headers):
    """Hostile ones, too."""
    assert isinstance(origin_of(headers), Origin)
