"""Links by which whoever was woken says "I have it", without a login: signed, for one notice, and good for a day.

Only POST acknowledges: mail scanners and link previews follow links, and a page that a scanner acknowledges wakes
nobody further. The key is derived from the operator's: gateway and worker agree on it, and nobody else knows it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from incidents.links.signed import SIGNATURE, is_signed, signature

PATH = "/pages/"
GOOD_FOR = timedelta(hours=24)

_PURPOSE = "liaison page links v1"
_TOKEN = re.compile(
    rf"(?P<signed>(?P<notice>[1-9][0-9]{{0,17}})\.(?P<until>[0-9]{{1,12}}))\.(?P<signature>{SIGNATURE})"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PageLink:
    """What a link says: which notice it came with, and until when it is good."""

    notice: int
    until: datetime


def link_token(operators_key: str, notice: int, *, now: datetime) -> str:
    """The last part of the link that goes out with this notice."""
    signed = f"{notice}.{int((now + GOOD_FOR).timestamp())}"
    return f"{signed}.{signature(operators_key, _PURPOSE, signed)}"


def read_token(operators_key: str, token: str) -> PageLink | None:
    """What a token says, whether it is still good or not; None for one that is not ours, whatever a stranger sends."""
    match = _TOKEN.fullmatch(token)
    if match is None or not is_signed(operators_key, _PURPOSE, match["signed"], match["signature"]):
        return None
    return PageLink(notice=int(match["notice"]), until=datetime.fromtimestamp(int(match["until"]), UTC))
