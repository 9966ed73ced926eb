"""Slack's mapping: whatever a text holds, in the bytes sent it is text and fits."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.slack import mapping
from connectors.slack.fake import rendering
from connectors.slack.fake.workspace import CHANNEL_NAME
from connectors.slack.rooms import naming
from incidents.commands.verbs import Verb
from incidents.models import Button, ChatMessage, Link
from incidents.texts.plain_text import printable

ATTACKS = (
    "<!channel>",
    "<@U123>",
    "<!subteam^S1>",
    "<https://evil|Login>",
    "@here",
    "&lt;!here&gt;",
    "&",
    "<",
    ">",
)
any_text = st.text(st.characters(exclude_categories=()), max_size=80)
hostile = st.lists(st.one_of(st.sampled_from(ATTACKS), any_text), max_size=8).map("".join)


def sent(fields: dict[str, Any]) -> Any:
    """The fields after a journey as the bytes httpx makes of them."""
    return json.loads(httpx.Request("POST", "https://slack.com/api/chat.postMessage", json=fields).content)


@given(text=hostile, label=hostile, incident=hostile, url=hostile)
def test_no_text_is_ever_markup(text: str, label: str, incident: str, url: str) -> None:
    """No text calls anybody, links anywhere or breaks a block; read back, it is the same text."""
    message = ChatMessage(
        text=text,
        buttons=(Button(label=label, verb=Verb.NOTE, incident=incident),),
        links=(Link(label=label, url=url), Link(label=label, url=f"https://ours.example/?q={url}")),
    )
    for fields in (
        mapping.post_fields("C1", message, once="p:1"),
        mapping.update_fields("C1", "1.1", message),
    ):
        posted = sent(fields)
        assert rendering.calls(posted) == []
        assert rendering.links(posted) == []
        assert rendering.fault(posted["blocks"]) is None
        assert not re.search("[<>]", posted["text"])
        assert not re.search("&(?!(?:amp|lt|gt);)", posted["text"])
        kinds = {block["text"]["type"] for block in posted["blocks"] if block["type"] == "section"}
        assert kinds == {"plain_text"}
        expected = printable(text).strip()
        assert rendering.shown(posted).strip().startswith(expected[:2000].strip())
        assert rendering.notified(posted).strip().startswith(expected[:400].strip())


@given(text=st.text(st.characters(exclude_categories=()), max_size=40), times=st.integers(1, 3000))
def test_any_length_fits(text: str, times: int) -> None:
    """Texts of any length and script keep to Slack's limits, and say so when they are cut."""
    posted = sent(mapping.post_fields("C1", ChatMessage(text=text * times), once="p:1"))
    assert rendering.fault(posted["blocks"]) is None
    assert len(posted["text"].encode("utf-16-le")) // 2 <= mapping.MAX_FALLBACK
    whole = printable(text * times).rstrip()
    shown = rendering.shown(posted)
    assert shown == (whole or mapping.NOTHING) or (
        shown.endswith(mapping.CUT) and whole.startswith(shown.removesuffix(mapping.CUT))
    )


@given(text=st.text(alphabet="&<>a😀", max_size=2000), limit=st.integers(20, 1000))
def test_escape_cuts_no_entity(text: str, limit: int) -> None:
    """An escaped text within a limit is whole entities and a beginning of the text."""
    escaped = mapping.escape(text, limit)
    assert len(escaped.encode("utf-16-le")) // 2 <= limit
    body = escaped.removesuffix(mapping.CUT)
    assert not re.search("&(?!(?:amp|lt|gt);)", body)
    assert text.startswith(rendering.notified({"text": body}))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("INC-42 Checkout", "inc-42-checkout"),
        ("inc_42", "inc_42"),
        ("  --INC/42..", "inc-42"),
        ("日本", "incident"),
        ("", "incident"),
        ("a" * 200, "a" * 80),
        ("a" * 79 + " b", "a" * 79),
    ],
)
def test_channel_name(name: str, expected: str) -> None:
    """Names become what Slack takes, and stay readable."""
    assert mapping.channel_name(name) == expected


@given(name=any_text)
def test_channel_name_is_always_taken(name: str) -> None:
    """There is no name Slack would refuse, and naming twice changes nothing more."""
    result = mapping.channel_name(name)
    assert CHANNEL_NAME.fullmatch(result)
    assert mapping.channel_name(result) == result


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        ("two\nlines\tand <more>", "two lines and &lt;more&gt;"),
        ("", ""),
        ("&" * 60, "&amp;" * 48 + mapping.CUT),
    ],
)
def test_topic(topic: str, expected: str) -> None:
    """A topic is one escaped line of at most 250 characters."""
    assert naming.topic_text(topic) == expected


@pytest.mark.parametrize(
    ("url", "is_button"),
    [
        ("https://prefect.example/runs/1?a=1&b=2", True),
        ("http://127.0.0.1:4200/runs", True),
        ("javascript:alert(1)", False),
        ("https://", False),
        ("https://[broken", False),
        ("https://a.example/ b", False),
        ("https://a.example/\n", False),
        ("https://a.example/" + "x" * 3000, False),
    ],
)
def test_links(url: str, is_button: bool) -> None:
    """What Slack takes as a button is one; the rest is written below the text and lost nowhere."""
    fields = mapping.message_fields(ChatMessage(text="t", links=(Link(label="See", url=url),)))
    assert [button["url"] for button in rendering.buttons(fields)] == ([url] if is_button else [])
    assert ("See: " in rendering.shown(fields)) is not is_button


def test_many_buttons() -> None:
    """Rows hold 25; more buttons than anybody presses are left out rather than refused with the message."""
    one = Button(label="Ack", verb=Verb.ACKNOWLEDGE, incident="INC-1")
    fields = mapping.message_fields(ChatMessage(text="t", buttons=(one,) * 130))
    assert rendering.fault(fields["blocks"]) is None
    assert len(rendering.buttons(fields)) == 100


@pytest.mark.parametrize(
    "message",
    [
        None,
        {},
        {"metadata": None},
        {"metadata": {"event_type": "other", "event_payload": {"once": "p:1"}}},
        {"metadata": {"event_type": "liaison"}},
        {"metadata": {"event_type": "liaison", "event_payload": {"once": 1}}},
    ],
)
def test_no_key(message: Any) -> None:
    """Other people's messages and other apps' metadata carry no key of ours."""
    assert mapping.once_of(message) is None
