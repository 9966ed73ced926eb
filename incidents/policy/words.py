"""The small words a policy is written in: durations, names, connections, and the frozen `PolicySection`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

_SHORT = re.compile(
    r"(?:([0-9]{1,6})w)?(?:([0-9]{1,6})d)?(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,6})s)?"
)
_ISO = re.compile(
    r"P(?:([0-9]{1,6})W)?(?:([0-9]{1,6})D)?(?:T(?=[0-9])(?:([0-9]{1,6})H)?(?:([0-9]{1,6})M)?(?:([0-9]{1,6})S)?)?"
)
_CONNECTION = re.compile(r"[a-z][a-z0-9-]{0,40}/[a-z0-9][a-z0-9-]{0,60}")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}")

LONGEST = timedelta(days=3660)


class PolicySection(BaseModel):
    """A part of the policy: frozen, and a misspelt key is an error rather than a setting without effect.

    `gone` has settings of earlier versions, each with what to do about it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    gone: ClassVar[Mapping[str, str]] = {}


def parse_duration(value: Any) -> timedelta:
    """`90s`, `15m`, `2h`, `7d`, `1h30m`, or ISO 8601 without months and years (`PT15M`, `P7D`).

    A bare number is refused: nobody can tell seconds from minutes. Raises `ValueError` with the cure.
    """
    if isinstance(value, timedelta):
        duration = value
    else:
        text = value.strip() if isinstance(value, str) else ""
        match = _SHORT.fullmatch(text.lower()) or _ISO.fullmatch(text.upper())
        if match is None or not any(match.groups()):
            raise ValueError(f"{str(value)[:40]!r} is not a duration; write 90s, 15m, 2h, 7d, 1h30m or PT15M")
        weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
        duration = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not timedelta(0) < duration <= LONGEST:
        raise ValueError("a duration must be longer than nothing and shorter than ten years")
    return duration


def listed(value: Any) -> Any:
    """One value where a list may stand."""
    return value if isinstance(value, list) or value is None else [value]


def _connection(value: str) -> str:
    if not _CONNECTION.fullmatch(value):
        raise ValueError(
            f"{value[:80]!r} is not a connection; write vendor/name in small letters, digits and dashes, "
            "such as zendesk/support"
        )
    return value


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError(
            f"{value[:80]!r} cannot be a name; use small letters, digits, - and _, and put the readable form "
            "in title"
        )
    return value


def _web_address(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/@]{1,255}(?:/[^\s@]{0,1000})?", value):
        raise ValueError(
            f"{value[:80]!r} is not a web address; write http://... or https://..., without a login"
        )
    return value.rstrip("/")


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
Connection = Annotated[str, AfterValidator(_connection)]
"""A connection's name, `vendor/name`: the kind of block and the block's name, as Prefect keeps it."""
Name = Annotated[str, AfterValidator(_name)]
"""A key we use in tags, run names and commands."""
WebAddress = Annotated[str, AfterValidator(_web_address)]
