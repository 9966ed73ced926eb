"""What makes it doubtful what a command means: then nothing is done, and whoever wrote it reads how to say it."""

from __future__ import annotations

import re

from incidents.commands.typed import Typed, first_word, named_incident
from incidents.commands.verbs import Verb
from incidents.commands.words import Mistake
from incidents.texts.plain_text import cut, one_line
from incidents.texts.team import worded

ANY_NUMBER = re.compile(r"(?:inc-?|#)?([0-9]{1,18})", re.IGNORECASE)
_BECAUSE = re.compile(r"(?:^|(?<=\s))because(?=\s|$):?", re.IGNORECASE)
_NUMBERS_ARE_TICKETS = frozenset({Verb.SPLIT, Verb.LINK, Verb.PROMISE, Verb.HELP})
_NEEDS_WORDS = frozenset(
    {Verb.CLOSE, Verb.OWNER, Verb.RUN, Verb.APPROVE, Verb.DENY, Verb.PROMISE, Verb.ESCALATE}
)
_ACT_ON_ONE = _NEEDS_WORDS | {Verb.STATUS, Verb.ACKNOWLEDGE, Verb.RESOLVE, Verb.NOT_US, Verb.NOT_AN_INCIDENT}


def left_over(typed: Typed, rest: str, read: str = "") -> Mistake:
    """Words that the command has no place for may say that it is meant otherwise."""
    nearest = one_line(" ".join(filter(None, (typed.verb, typed.incident, read.strip()))))
    return Mistake(
        said=(
            worded(
                "Nothing was done: I do not know what `{rest}` means there. Write `{nearest}` alone, or "
                "a reason after it: {nearest} because ...",
                rest=shown(rest),
                nearest=nearest,
            )
        ),
        nearest=nearest,
    )


def doubtful_number(typed: Typed) -> Mistake | None:
    """On a ticket `#12` may be a ticket or an incident: whoever wrote it says which."""
    first, rest = first_word(typed.text)
    hash_or_all = ANY_NUMBER.fullmatch(first.rstrip(",;:."))
    if typed.incident is not None or hash_or_all is None or typed.verb in _NUMBERS_ARE_TICKETS:
        return None
    if not first.startswith("#") and rest:
        return None
    nearest = cut(
        one_line(f"{typed.verb} INC-{int(hash_or_all[1])} {rest}"),
        200,
    )
    return Mistake(
        said=(
            worded(
                "Nothing was done: is `{first}` a ticket or an incident? If an incident, write: "
                "{nearest}\nIf not, begin with another word.",
                first=shown(first),
                nearest=nearest,
            )
        ),
        nearest=nearest,
    )


def second_name(typed: Typed) -> Mistake | None:
    """An incident that is named further on is not the one that this would be about."""
    if typed.verb not in _ACT_ON_ONE:
        return None
    before, _ = reason(typed.text)
    named = next((name for word in before.split() if (name := named_incident(word)) is not None), None)
    if named is None or named == typed.incident:
        return None
    nearest = f"{typed.verb} {named}"
    if typed.verb in _NEEDS_WORDS:
        others = " ".join(word for word in before.split() if named_incident(word) is None)
        nearest = cut(one_line(f"{nearest} {others}"), 200)
    return Mistake(
        said=(
            worded(
                "Nothing was done: which incident do you mean? If {named}, write it first: {nearest}\nIf "
                "you only speak of it, write it after `because`.",
                named=named,
                nearest=nearest,
            )
        ),
        nearest=nearest,
    )


def reason(text: str) -> tuple[str, str]:
    """What stands before `because`, and the reason."""
    before, *after = _BECAUSE.split(text, maxsplit=1)
    return before.strip(), after[0].strip() if after else ""


def shown(word: str) -> str:
    """What somebody wrote, as it may be said back: no mark of ours or a chat's in it."""
    return cut(one_line(word).replace("`", "'"), 40)
