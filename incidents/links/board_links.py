"""Links that show the board without a login: signed, for one reader, good until their day.

A link is a key: whoever has it sees the board, and answers there in its reader's name if the policy says that they may.
`board.links_since` of the policy makes all older ones worthless.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.links.dated import dated_token, read_dated_token

PATH = "/board/"
ENTER = "enter"
LINK = "link"
"""A link's address is `/board/enter?link=` and its token."""
GOOD_FOR = timedelta(days=30)
LONGEST_NAME = 60
"""Characters of a reader's name."""

_PURPOSE = "liaison board links v1"


@dataclass(frozen=True, kw_only=True, slots=True)
class BoardLink:
    """Whom a link was made for, when, and until when it is good."""

    reader: str
    made: datetime
    until: datetime


def board_token(operators_key: str, reader: str, *, now: datetime, good_for: timedelta = GOOD_FOR) -> str:
    """The last part of the link for this reader."""
    return dated_token(operators_key, _PURPOSE, reader[:LONGEST_NAME], now=now, good_for=good_for)


def board_link(
    gateway_url: str, operators_key: str, reader: str, *, now: datetime, good_for: timedelta = GOOD_FOR
) -> str:
    """The whole address of a link, at the gateway as its reader reaches it."""
    token = board_token(operators_key, reader, now=now, good_for=good_for)
    return f"{gateway_url.rstrip('/')}{PATH}{ENTER}?{LINK}={token}"


def read_board_token(operators_key: str, token: str) -> BoardLink | None:
    """What a token says, whether it is still good or not; None for one that is not ours, whatever a stranger sends."""
    found = read_dated_token(operators_key, _PURPOSE, token)
    return None if found is None else BoardLink(reader=found.name, made=found.made, until=found.until)
