"""Where a text tells of a person, and where it only has the words of everybody."""

from __future__ import annotations

import pytest

from incidents.redaction.traces import Traces

HER_WORDS = "My velvet basket explodes when frobnicating it with a turquoise voucher."


@pytest.fixture
def traces() -> Traces:
    return Traces.of(names=["Zoe Quibble", "zoe@shop.example"], texts=[HER_WORDS, "Velvet basket"])


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Written by Zoe Quibble.", "Written by [erased]."),
        ("to ZOE@shop.example, today", "to [erased], today"),
        ("Checkout: My velvet basket explodes", "Checkout: [erased]"),
        ('says "explodes when\n frobnicating it with…"', 'says "[erased]…"'),
        ("the velvet basket", "the [erased]"),
        ("Zoe is another one", "Zoe is another one"),
        ("a basket of velvet", "a basket of velvet"),
        ("", ""),
    ],
)
def test_what_tells_of_her_is_masked(traces: Traces, text: str, masked: str):
    """Names in any capitals, and four words of hers in a row wherever they were cut out."""
    assert traces.masked(text) == masked
    assert traces.are_in(text) is (text != masked)


def test_an_excerpt_that_was_redacted_is_known_too():
    """What we handed on had its card masked."""
    traces = Traces.of(names=[], texts=["I paid with card 4111 1111 1111 1111 this very morning"])
    assert traces.are_in("paid with card [card removed] this very")


def test_what_others_wrote_too_is_nobodys(traces: Traces):
    """The same words in many tickets are an outage's."""
    left = traces.without(f"Hello. {HER_WORDS}")
    assert not left.are_in(HER_WORDS)
    assert left.are_in("Zoe Quibble"), "a name stays a name"


def test_json_is_masked_inside(traces: Traces):
    """In every text at any depth; keys, numbers and truths stay."""
    value = {"Zoe Quibble": [1, True, {"a": "to zoe@shop.example"}], "b": None}
    assert traces.masked_json(value) == {"Zoe Quibble": [1, True, {"a": "to [erased]"}], "b": None}
    assert traces.are_in_json(value)
