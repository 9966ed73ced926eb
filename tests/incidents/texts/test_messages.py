"""What customers read: templates of the operator, strangers' words that stay words, nothing that grows."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from incidents.errors import PolicyError
from incidents.policy.messages import StateWords
from incidents.policy.policy import CustomerTemplates
from incidents.texts.messages import (
    MAX_MESSAGE,
    MAX_NOTE,
    VARIABLES,
    check_template,
    customer_message,
    internal,
)
from incidents.texts.plain_text import one_line
from incidents.texts.tongues import Tongue

VALUES = {
    "customer_name": "Ana",
    "service": "Checkout",
    "incident": "INC-42",
    "next_update": "14:30 UTC",
    "since": "14:02 UTC",
    "owner": "Ben",
    "so_far": "10:05: on it",
    "words": "Cards work.",
    "state": "on it",
}

HOSTILE_NAMES = st.one_of(
    st.text(max_size=100),
    st.lists(
        st.sampled_from(
            ["{{", "}}", "{%", "%}", "{#", "#}", " 7*7 ", "x", "for", "set", "if", "service", "\n", "#",
             "raw", "-", "x.__class__", "|", "lower", "''", "\u202e", "\x00", "cycler", "endif", " "]
        ),
        max_size=12,
    ).map("".join),
)  # fmt: skip


BUILT_IN = CustomerTemplates()


@pytest.mark.parametrize(
    "wording",
    [
        BUILT_IN.first_text(is_again=False),
        BUILT_IN.first_text(is_again=True),
        BUILT_IN.update_text,
        BUILT_IN.words_text,
        BUILT_IN.monitoring_text,
        BUILT_IN.late_text,
        BUILT_IN.fixed_text(is_checked=True),
        BUILT_IN.fixed_text(is_checked=False),
    ],
)
def test_the_built_in_texts_say_what_a_customer_needs(wording):
    """They greet (all alike, so that one call tells a hundred), name the reference, leave no gap."""
    template, _ = wording.spoken(Tongue("en_150"), Tongue("en_150"))
    full = customer_message(template, **VALUES)
    assert full.startswith("Hello,\n\n")
    assert "Checkout" in full or "Cards work." in full
    assert full.endswith("Your reference is INC-42.")
    bare = customer_message(template, **VALUES | {"customer_name": "", "next_update": "", "since": "noon"})
    assert bare.startswith("Hello,\n\n")
    assert "  " not in full + bare
    assert "UTC" not in bare


def test_texts_of_ours_never_stand_beside_reworded_ones():
    """An operator who writes in another language than ours sends that one only."""
    own = CustomerTemplates(progress="WIR SIND DRAN", update="WIR SIND NOCH DRAN")
    assert (own.late_text, own.monitoring_text.own) == (None, "WIR SIND NOCH DRAN")
    assert own.first_text(is_again=True).own == "WIR SIND DRAN"
    both = own.model_copy(update={"late": "BISHER: {{ so_far }}", "monitoring": "WIR BEOBACHTEN ES"})
    assert both.late_text is not None
    assert (both.late_text.own, both.monitoring_text.own) == ("BISHER: {{ so_far }}", "WIR BEOBACHTEN ES")


@pytest.mark.parametrize("words", ["{{ service }}", "two\nlines", "", "x" * 201])
def test_words_for_a_state_are_plain(words):
    with pytest.raises(ValidationError):
        StateWords(identified=words)


def test_what_was_said_so_far_keeps_its_lines_and_no_more_of_them():
    """The newest are kept, each a line of bearable length."""
    so_far = "\n".join([*(f"line {number}" for number in range(20)), "c" * 1000])
    lines = customer_message("{{ so_far }}", **VALUES | {"so_far": so_far}).splitlines()
    assert lines[0] == "line 13"
    assert (len(lines), len(lines[-1])) == (8, 240)


def test_every_variable_can_be_printed():
    """The documented variables are the ones there are."""
    template = " ".join(f"{{{{ {name} }}}}" for name in VARIABLES)
    assert (
        customer_message(template, **VALUES)
        == "Ana Checkout INC-42 14:30 UTC 14:02 UTC Ben 10:05: on it Cards work. on it"
    )
    assert customer_message("{{ service|upper if next_update else 'x' }}", **VALUES) == "CHECKOUT"
    assert (
        customer_message("{% if incident == 'INC-42' and not false %}a{% else %}b{% endif %}", **VALUES)
        == "a"
    )


@given(name=HOSTILE_NAMES, service=HOSTILE_NAMES)
@settings(max_examples=300, deadline=None)
def test_values_are_data_and_never_a_template(name, service):
    """Whatever a name or title contains is printed as it is, or left out; it is never carried out."""
    values = VALUES | {"customer_name": name, "service": service}
    text = customer_message("<{{ customer_name }}|{{ service }}>", **values)
    assert text in (f"<{one_line(name)}|{one_line(service)}>", f"<|{one_line(service)}>")


@given(source=HOSTILE_NAMES)
@settings(max_examples=300, deadline=None)
def test_a_template_renders_or_is_refused(source):
    """Any text as a template ends in a message or in `PolicyError`; what was accepted never fails later."""
    try:
        check_template(source)
    except PolicyError:
        return
    for next_update in ("", "14:30 UTC"):
        assert len(customer_message(source, **VALUES | {"next_update": next_update})) <= MAX_MESSAGE


@pytest.mark.parametrize(
    ("template", "cure"),
    [
        ("", "is empty"),
        ("x" * 4_001, "the most is 4000"),
        ("{{ custmer_name }}", "did you mean 'customer_name'"),
        ("Hi\n\n{{ name }}", "line 3 of the template: there is no variable 'name'"),
        ("{% if x", "line 1 of the template"),
        ("{{ service.__class__ }}", "'getattr' is not for customer templates"),
        ("{{ service['upper'] }}", "'getitem' is not"),
        ("{{ service.upper() }}", "is not for customer templates"),
        ("{{ 7*7 }}", "'mul' is not"),
        ("{{ 'x' ~ service }}", "'concat' is not"),
        ("{% for x in service %}{{ x }}{% endfor %}", "is not for customer templates|no variable"),
        ("{% set service = 1 %}", "'assign' is not"),
        ("{% include 'x' %}", "'include' is not"),
        ("{% macro m() %}{% endmacro %}", "'macro' is not"),
        ("{{ service|center(999999999) }}", "there is no filter 'center'"),
        ("{{ range(9) }}", "is not for customer templates|no variable 'range'"),
        ("{{ lipsum }}", "there is no variable 'lipsum'"),
        ("{{ service }}" * 41, "more than 40 times"),
        ("{{ " + "(" * 3000 + "service" + ")" * 900 + " }}", "template"),
        ("{% if service %}" * 200 + "{% endif %}" * 20, "template"),
    ],
)
def test_a_template_can_only_print_and_choose(template, cure):
    """Loops, calls, attributes, arithmetic and strange filters are refused when the policy is read."""
    with pytest.raises(PolicyError, match=cure):
        check_template(template)
    with pytest.raises(PolicyError, match=cure):
        customer_message(template, **VALUES)


@pytest.mark.parametrize(
    "name",
    ["http://evil.example", "Win at www.evil.example", "ana@example.com", "evil.com/win", "x" * 5 + "://y"],
)
def test_an_advert_is_no_name(name):
    """Nobody gets somebody's spam in a mail of ours."""
    assert (
        customer_message("Hello{% if customer_name %} you{% endif %}", **VALUES | {"customer_name": name})
        == "Hello"
    )


def test_values_are_short_and_on_one_line():
    """A name of a thousand letters or five lines does not take over the message."""
    text = customer_message("{{ customer_name }}", **VALUES | {"customer_name": "A\n\nB\u202e " + "c" * 1000})
    assert text.startswith("A B c")
    assert len(text) == 120
    assert text.endswith("…")


def test_the_longest_message_is_bearable():
    """The limits on template, uses and values together bound what can be sent."""
    template = "{{ service }}" * 40 + "x" * (4_000 - 13 * 40)
    assert len(customer_message(template, **VALUES | {"service": "s" * 500})) <= MAX_MESSAGE


def test_internal_notes_are_visible_and_bounded():
    """No template there: braces stay braces."""
    assert internal(" {{ 7*7 }}\u202e\x00 ok\n") == "{{ 7*7 }} ok"
    assert len(internal("x" * 100_000)) == MAX_NOTE
