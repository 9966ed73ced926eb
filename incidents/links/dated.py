"""Signed tokens for somebody or something by name, good from when they were made until their day."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from incidents.links.signed import SIGNATURE, is_signed, signature

_TOKEN = re.compile(
    rf"(?P<signed>(?P<name>[A-Za-z0-9_-]{{1,400}})\.(?P<made>[0-9]{{1,12}})\.(?P<until>[0-9]{{1,12}}))"
    rf"\.(?P<signature>{SIGNATURE})"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class DatedToken:
    """Whom or what a token was made for, when, and until when it is good."""

    name: str
    made: datetime
    until: datetime


def dated_token(operators_key: str, purpose: str, name: str, *, now: datetime, good_for: timedelta) -> str:
    """A token for this name, of no use for another purpose."""
    coded = base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")
    signed = f"{coded or '-'}.{int(now.timestamp())}.{int((now + good_for).timestamp())}"
    return f"{signed}.{signature(operators_key, purpose, signed)}"


def read_dated_token(operators_key: str, purpose: str, token: str) -> DatedToken | None:
    """What a token says, whether it is still good or not; None for one that is not ours, whatever a stranger sends."""
    match = _TOKEN.fullmatch(token)
    if match is None or not is_signed(operators_key, purpose, match["signed"], match["signature"]):
        return None
    coded = match["name"]
    try:
        name = base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4)).decode() if coded != "-" else ""
    except (binascii.Error, UnicodeDecodeError):
        return None
    return DatedToken(
        name=name,
        made=datetime.fromtimestamp(int(match["made"]), UTC),
        until=datetime.fromtimestamp(int(match["until"]), UTC),
    )
