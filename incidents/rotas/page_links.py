"""Links by which whoever was woken says "I have it", without a login: signed, for one notice, and good for a day.

Only POST acknowledges: mail scanners and link previews follow links, and a page that a scanner acknowledges wakes
nobody further. The key is derived from the operator's: gateway and worker agree on it, and nobody else knows it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

PATH = "/pages/"
GOOD_FOR = timedelta(hours=24)

_PURPOSE = b"liaison page links v1"
_TOKEN = re.compile(r"([1-9][0-9]{0,17})\.([0-9]{1,12})\.([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, kw_only=True, slots=True)
class PageLink:
    """What a link says: which notice it came with, and until when it is good."""

    notice: int
    until: datetime


def link_token(operators_key: str, notice: int, *, now: datetime) -> str:
    """The last part of the link that goes out with this notice."""
    until = int((now + GOOD_FOR).timestamp())
    return f"{notice}.{until}.{_signature(operators_key, notice, until)}"


def read_token(operators_key: str, token: str) -> PageLink | None:
    """What a token says, whether it is still good or not; None for one that is not ours, whatever a stranger sends."""
    match = _TOKEN.fullmatch(token)
    if match is None:
        return None
    notice, until = int(match[1]), int(match[2])
    if not hmac.compare_digest(_signature(operators_key, notice, until), match[3]):
        return None
    return PageLink(notice=notice, until=datetime.fromtimestamp(until, UTC))


def _signature(operators_key: str, notice: int, until: int) -> str:
    key = hmac.new(operators_key.encode(), _PURPOSE, hashlib.sha256).digest()
    signed = hmac.new(key, f"{notice}.{until}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(signed).decode().rstrip("=")
