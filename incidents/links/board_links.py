"""Links that show the board without a login: signed, for one reader, good until their day.

A link is a key: whoever has it sees the board, and answers there in its reader's name if the policy says that they may.
`board.links_since` of the policy makes all older ones worthless.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from incidents.links.signed import SIGNATURE, is_signed, signature

PATH = "/board/"
ENTER = "enter"
LINK = "link"
"""A link's address is `/board/enter?link=` and its token."""
GOOD_FOR = timedelta(days=30)
LONGEST_NAME = 60
"""Characters of a reader's name."""

_PURPOSE = "liaison board links v1"
_TOKEN = re.compile(
    rf"(?P<signed>(?P<reader>[A-Za-z0-9_-]{{1,400}})\.(?P<made>[0-9]{{1,12}})\.(?P<until>[0-9]{{1,12}}))"
    rf"\.(?P<signature>{SIGNATURE})"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class BoardLink:
    """Whom a link was made for, when, and until when it is good."""

    reader: str
    made: datetime
    until: datetime


def board_token(operators_key: str, reader: str, *, now: datetime, good_for: timedelta = GOOD_FOR) -> str:
    """The last part of the link for this reader."""
    name = base64.urlsafe_b64encode(reader[:LONGEST_NAME].encode()).decode().rstrip("=")
    signed = f"{name or '-'}.{int(now.timestamp())}.{int((now + good_for).timestamp())}"
    return f"{signed}.{signature(operators_key, _PURPOSE, signed)}"


def board_link(
    gateway_url: str, operators_key: str, reader: str, *, now: datetime, good_for: timedelta = GOOD_FOR
) -> str:
    """The whole address of a link, at the gateway as its reader reaches it."""
    token = board_token(operators_key, reader, now=now, good_for=good_for)
    return f"{gateway_url.rstrip('/')}{PATH}{ENTER}?{LINK}={token}"


def read_board_token(operators_key: str, token: str) -> BoardLink | None:
    """What a token says, whether it is still good or not; None for one that is not ours, whatever a stranger sends."""
    match = _TOKEN.fullmatch(token)
    if match is None or not is_signed(operators_key, _PURPOSE, match["signed"], match["signature"]):
        return None
    name = match["reader"]
    try:
        reader = base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode() if name != "-" else ""
    except (binascii.Error, UnicodeDecodeError):
        return None
    return BoardLink(
        reader=reader,
        made=datetime.fromtimestamp(int(match["made"]), UTC),
        until=datetime.fromtimestamp(int(match["until"]), UTC),
    )
