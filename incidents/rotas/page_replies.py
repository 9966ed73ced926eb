"""Answering the mail of a page: known by a signed token, believed from whom it went to, and moved by one word alone.

A notice by mail carries a token twice: in the address that answers go to, where the mailbox takes plus addresses, and
as a message id among its References, which every mail program puts into the answer. Whoever has neither has no page.
The word is the first line, and nothing else on it: an answer is never searched for what its writer may have meant.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from incidents.links.signed import keys_in
from incidents.models import Origin
from incidents.texts.own_words import own_words
from incidents.texts.team import sentence, worded, worded_as

GOOD_FOR = timedelta(hours=24)
"""As long as a link is."""
MOST_TOLD_BACK = 5
"""Answers of ours to answers to one notice; whoever goes on is a machine."""

_GRAMMAR = sentence(
    "ack (I have it), done (it works again), escalate (wake the next one) or "
    "not us (with the reason on the next line)"
)

_PURPOSE = b"liaison page replies v1"
# In small letters: the part of an address before the @ is not kept as it was written everywhere.
_TOKEN = re.compile(r"\bpage-([1-9][0-9]{0,17})-([a-z2-7]{26})(?=@)", re.IGNORECASE)


def reply_grammar() -> str:
    """The words that an answer can consist of, in English in every language, and what they mean."""
    return worded_as(_GRAMMAR)


def answered_by_mail() -> str:
    """How the mail of a page is answered."""
    return worded(
        "Or answer this mail, with one of these as its first line: {grammar}.", grammar=reply_grammar()
    )


def over_words(had_by: str) -> str:
    """That a page is over, for everybody who was woken; `had_by` is "" where nobody had it."""
    had_it = worded("{who} had it. ", who=had_by) if had_by else ""
    return had_it + worded("Nobody needs to do anything more about this page.")


class ReplyWord(StrEnum):
    """What an answer to a page can say."""

    TAKE = "ack"
    END = "done"
    GIVE_ON = "escalate"
    REFUSE = "not us"


WORDS: Mapping[str, ReplyWord] = {word.value: word for word in ReplyWord} | {
    "acknowledge": ReplyWord.TAKE,
    "resolve": ReplyWord.END,
    "resolved": ReplyWord.END,
    "not-us": ReplyWord.REFUSE,
}


class ReplyVerdict(StrEnum):
    """What becomes of an answer. Only `WORD` does something; all but `IGNORED` are told back to who was notified."""

    WORD = "word"
    IGNORED = "ignored"
    NO_WORD = "no word"
    STRANGER = "stranger"
    TOO_OLD = "too old"


class ReplyOutcome(StrEnum):
    """What became of an answer, for its writer."""

    TAKEN = "taken"
    ENDED = "ended"
    GIVEN_ON = "given on"
    REFUSED = "refused"
    NOBODY_LEFT = "nobody left"
    NOT_YOURS = "not yours"
    OVER = "over"
    NO_WORD = "no word"
    STRANGER = "stranger"
    TOO_OLD = "too old"


@dataclass(frozen=True, kw_only=True, slots=True)
class PageReply:
    """A mail that carries the token of a notice. `senders` are the addresses in its From, `at` when it arrived."""

    origin: Origin
    senders: tuple[str, ...]
    text: str
    at: datetime


_SAID = {
    ReplyOutcome.TAKEN: sentence("You have it. Nobody further is woken."),
    ReplyOutcome.GIVEN_ON: sentence("{other} is woken now. You do not have it."),
    ReplyOutcome.REFUSED: sentence(
        "You do not have it. The team that it may be for is woken, or those who are accountable; until then this "
        "page's own list goes on."
    ),
    ReplyOutcome.NOBODY_LEFT: sentence(
        "{nothing}There is nobody further on this page's list who could be woken."
    ),
    ReplyOutcome.NOT_YOURS: sentence("{nothing}{other} has it. To take it over, answer with: ack"),
    ReplyOutcome.OVER: sentence("{nothing}This page is over already."),
    ReplyOutcome.NO_WORD: sentence("{nothing}Its first line must be the word and nothing else: {grammar}."),
    ReplyOutcome.STRANGER: sentence(
        "{nothing}It came from another address than the page went to. Answer from that one, or use the link."
    ),
    ReplyOutcome.TOO_OLD: sentence(
        "{nothing}The page was sent more than a day before. See the incident's chat room."
    ),
}


def reply_token(operators_key: str, notice: int) -> str:
    """`page-17-k3f9...`: what the notice with this id carries."""
    return f"page-{notice}-{_signature(keys_in(operators_key)[0], notice)}"


def notice_of_reply(operators_key: str, shown: Iterable[str]) -> int | None:
    """The notice whose token stands in one of these texts, addresses or message ids; None where there is none that we
    signed."""
    for text in shown:
        for number, signature in _TOKEN.findall(text[:2_000]):
            ours = [_signature(key, int(number)) for key in keys_in(operators_key)]
            if any(hmac.compare_digest(one, signature.lower()) for one in ours):
                return int(number)
    return None


def answers_a_page(address: str) -> bool:
    """Whether mail to this address is an answer to a page, whoever signed it: no customer writes to such a one."""
    return re.search(rf"\+{_TOKEN.pattern}", address[:2_000], re.IGNORECASE) is not None


def word_in(text: str) -> ReplyWord | None:
    """The word that the writer's own first line consists of; capitals and a dot at its end do not matter."""
    first = next((line.strip() for line in own_words(text).split("\n") if line.strip()), "")
    return WORDS.get(first.rstrip(".!"))


def why_in(text: str) -> str:
    """What stands below the word, as the reason for it, in small letters: one line of it."""
    lines = [line.strip() for line in own_words(text).split("\n") if line.strip()]
    return lines[1][:500] if len(lines) > 1 else ""


def judged(reply: PageReply, *, addresses: Iterable[str], sent_at: datetime) -> ReplyVerdict:
    """`addresses` are those that the notice went to, when `sent_at`.

    What a machine wrote does nothing and is not answered, lest two machines talk all night.
    """
    if reply.origin is not Origin.PERSON:
        return ReplyVerdict.IGNORED
    known = {one.casefold() for one in addresses}
    if len(reply.senders) != 1 or reply.senders[0].casefold() not in known:
        return ReplyVerdict.STRANGER
    if reply.at - sent_at > GOOD_FOR:
        return ReplyVerdict.TOO_OLD
    return ReplyVerdict.NO_WORD if word_in(reply.text) is None else ReplyVerdict.WORD


def told_back(outcome: ReplyOutcome, other: str = "") -> str:
    """What the writer reads; `other` is whom it concerns besides. "" where another notice says it: that it is over."""
    said = _SAID.get(outcome)
    if said is None:
        return ""
    nothing = worded("Nothing was changed by your mail. ")
    who = other or worded("Somebody else")
    return worded_as(said, nothing=nothing, other=who, grammar=reply_grammar())


def _signature(operators_key: str, notice: int) -> str:
    key = hmac.new(operators_key.encode(), _PURPOSE, hashlib.sha256).digest()
    signed = hmac.new(key, str(notice).encode(), hashlib.sha256).digest()
    return base64.b32encode(signed).decode().lower()[:26]
