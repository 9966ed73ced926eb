"""Answers to pages by mail: whose they are, what they may say, and that nothing is read into them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from incidents.models import Origin
from incidents.rotas.page_replies import (
    GOOD_FOR,
    PageReply,
    ReplyOutcome,
    ReplyVerdict,
    ReplyWord,
    answers_a_page,
    judged,
    notice_of_reply,
    reply_token,
    told_back,
    word_in,
)

KEY = "cm9zdGVyIG9mIGEgdGVzdCwgMzIgYnl0ZXMgbG9uZyE="
SENT = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
ANA = "ana@acme.example"
QUOTED = (
    "\n\nOn Mon, 2 Nov 2026 at 13:00, Liaison <liaison@acme.example> wrote:\n> Checkout fails\n> ack INC-1\n"
)
OUTLOOK = "\n\nFrom: Liaison <liaison@acme.example>\nSent: Monday, 2 November 2026\nSubject: Checkout\n\nack"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("ack", ReplyWord.TAKE),
        ("Ack.", ReplyWord.TAKE),
        ("\n\n  ACK!  \n", ReplyWord.TAKE),
        ("acknowledge", ReplyWord.TAKE),
        (f"ack{QUOTED}", ReplyWord.TAKE),
        (f"ack{OUTLOOK}", ReplyWord.TAKE),
        ("ack\n\n-- \nAna Silva\nPayments", ReplyWord.TAKE),
        ("ack\nI am on the train, five minutes", ReplyWord.TAKE),
        (f"{QUOTED}\ndone", ReplyWord.END),
        ("done", ReplyWord.END),
        ("Resolved", ReplyWord.END),
        ("escalate", ReplyWord.GIVE_ON),
        ("", None),
        ("   \n\t\n", None),
        (QUOTED, None),
        (OUTLOOK, None),
        ("ack, on my way", None),
        ("I will not ack this", None),
        ("not done", None),
        ("done?", None),
        ("please escalate", None),
        ("acknowledged by whom?", None),
        ("Thanks!\nack", None),
        ("I am out of the office until Monday.", None),
        ("> ack", None),
        ("-- \nack", None),
        ("\u0430ck", None),
        ("ack ack", None),
    ],
)
def test_the_first_line_is_the_word_or_there_is_none(text: str, word: ReplyWord | None):
    assert word_in(text) is word


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, ReplyVerdict.WORD),
        ({"senders": ("ANA@Acme.example",)}, ReplyVerdict.WORD),
        ({"at": SENT + GOOD_FOR}, ReplyVerdict.WORD),
        ({"at": SENT - timedelta(minutes=1)}, ReplyVerdict.WORD),
        ({"text": ""}, ReplyVerdict.NO_WORD),
        ({"text": "what is this?"}, ReplyVerdict.NO_WORD),
        ({"senders": ("bo@acme.example",)}, ReplyVerdict.STRANGER),
        ({"senders": ("ana@acme.example.evil.example",)}, ReplyVerdict.STRANGER),
        ({"senders": ()}, ReplyVerdict.STRANGER),
        ({"senders": (ANA, "bo@acme.example")}, ReplyVerdict.STRANGER),
        ({"senders": ("bo@acme.example",), "text": ""}, ReplyVerdict.STRANGER),
        ({"at": SENT + GOOD_FOR + timedelta(seconds=1)}, ReplyVerdict.TOO_OLD),
        ({"origin": Origin.AUTOMATIC}, ReplyVerdict.IGNORED),
        ({"origin": Origin.BOUNCE}, ReplyVerdict.IGNORED),
        ({"origin": Origin.LIST}, ReplyVerdict.IGNORED),
        ({"origin": Origin.AUTOMATIC, "senders": ("bo@acme.example",)}, ReplyVerdict.IGNORED),
    ],
)
def test_who_may_say_it(change: dict[str, object], verdict: ReplyVerdict):
    """Only whom the notice went to, alone in From, within a day, and no machine."""
    given: dict[str, object] = {"origin": Origin.PERSON, "senders": (ANA,), "text": "ack", "at": SENT}
    reply = PageReply(**(given | change))  # type: ignore[arg-type]
    assert judged(reply, addresses=[ANA], sent_at=SENT) is verdict


def test_a_way_that_is_not_in_the_block_any_more_believes_nobody():
    reply = PageReply(origin=Origin.PERSON, senders=(ANA,), text="ack", at=SENT)
    assert judged(reply, addresses=[], sent_at=SENT) is ReplyVerdict.STRANGER


def test_the_token_in_addresses_and_message_ids():
    """As a server or a program may have changed it: in capitals, among others, after another one."""
    token = reply_token(KEY, 17)
    foreign = reply_token("another key", 18)
    for shown in (
        [f"oncall+{token}@acme.example"],
        [f'"On call" <oncall+{token}@acme.example>'],
        [f"Oncall+{token.upper()}@Acme.example"],
        [f"{token}@acme.example"],
        ["ada@acme.example, x@y.example", f"oncall+{token}@acme.example"],
        [f"{foreign}@acme.example", f"{token}@acme.example"],
    ):
        assert notice_of_reply(KEY, shown) == 17, shown


def test_no_token_of_ours():
    """Another notice's signature, another key's, a link's, one cut off, and whatever else a stranger writes."""
    token = reply_token(KEY, 17)
    head, _, signature = token.rpartition("-")
    for shown in (
        f"page-18-{signature}@acme.example",
        f"{reply_token('another key', 17)}@acme.example",
        f"{head}-{signature[:-1]}@acme.example",
        f"{head}-{signature}a@acme.example",
        token,
        f"page-017-{signature}@acme.example",
        f"page-\u0661\u0667-{signature}@acme.example",
        f"xpage-17-{signature}@acme.example",
        "",
        "@" * 5_000,
        "page-" * 5_000,
    ):
        assert notice_of_reply(KEY, [shown]) is None, shown


def test_an_address_of_a_page():
    """What the customers' mailbox leaves alone where it is the roster's, too; nothing a customer writes to."""
    token = reply_token(KEY, 17)
    assert answers_a_page(f"support+{token}@acme.example")
    for address in (
        "support@acme.example",
        "support+17-k3f9q2xa@acme.example",
        "support+page-17@acme.example",
    ):
        assert not answers_a_page(address)


@pytest.mark.parametrize("outcome", list(ReplyOutcome))
def test_what_is_told_back(outcome: ReplyOutcome):
    """Whoever changed nothing reads so; the end is told by the notice that it is over."""
    text = told_back(outcome, "Bo Berg")
    acts = (ReplyOutcome.TAKEN, ReplyOutcome.GIVEN_ON, ReplyOutcome.REFUSED, ReplyOutcome.ENDED)
    did_something = outcome in acts
    assert text.startswith("Nothing was changed by your mail.") is not did_something
    assert bool(text) is (outcome is not ReplyOutcome.ENDED)
    assert word_in(text) is None, "an answer to it that quotes without a mark must say nothing"
