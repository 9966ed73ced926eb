"""Which answers owe an answer: thanks and machines' notices do not, questions and complaints do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.texts.thanks import owes_no_answer


@pytest.mark.parametrize(
    "text",
    [
        "Thanks a lot, it works again!",
        "Thank you",
        "Danke, jetzt läuft alles wieder.",
        "Merci, c'est réglé",
        "Muchas gracias",
        "Obrigado, resolvido!",
        "Grazie mille, funziona",
        "Bedankt!",
        "Tack, nu fungerar det",
        "Kiitos!",
        "Dziękuję bardzo",
        "All good now",
        "Automatic reply: I am on holiday until Monday.",
        "Thanks!\n\nOn Mon, May 4, 2026 Support wrote:\nDoes it work?",
    ],
)
def test_thanks_owe_nothing(text):
    """Nobody waits."""
    assert owes_no_answer(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Thanks, but it is still broken",
        "Thanks! Could you send me the invoice, too?",
        "Please change my address to 5 High Street.",
        "Danke. Wann kommt meine Rückerstattung?",
        "I have another question about my order",
        "Thanks. " + "And there is much more that I want to tell you about my order. " * 8,
    ],
)
def test_the_rest_owes_an_answer(text):
    """In doubt an agent reads it in time."""
    assert not owes_no_answer(text)


@given(st.text(max_size=300))
def test_any_text_owes_or_does_not(text):
    """Whatever comes is read."""
    assert owes_no_answer(text) in (True, False)
