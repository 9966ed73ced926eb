"""The time in a promise: `14:30`, `14:30 Europe/Berlin`, `2:30 pm`, `45m`, `in 1h30m`; and the moment that it means."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from incidents.commands.words import PromiseBy
from incidents.errors import Refused
from incidents.policy.words import parse_duration
from incidents.texts.team import worded
from incidents.texts.times import clock

FURTHEST = timedelta(hours=12)
"""A clock time further ahead is rather one that has passed."""
_CLOCK = re.compile(
    r"(?:at |by |until )?([0-9]{1,2})[:.h]([0-9]{2})(?: ?([ap])\.?m\.?)?"
    r"(?: ([A-Za-z_]{1,30}(?:/[A-Za-z_]{1,30}){0,2}))?(?=[\s,;.]|$)",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"(?:in )?([0-9]{1,4}) ?(m|min|mins|minutes|h|hour|hours)?([0-9]{1,2}m)?(?=[\s,;.]|$)", re.I
)

_MARKS = " .,;!"


def read_promise(text: str) -> tuple[PromiseBy | None, str]:
    """The time that the text begins with, None where it cannot be read; and what is left over."""
    words = " ".join(text.split())
    found = _CLOCK.match(words)
    if found is not None:
        promise = _at(found)
        end = found.end() if promise is None or found[4] is None or promise.zone else found.start(4)
        return promise, words[end:].strip(_MARKS)
    after = _AFTER.match(words)
    if after is None or (after[2] is None and not words.lower().startswith("in ")):
        return None, words
    rest = words[after.end() :].strip(_MARKS)
    unit = (after[2] or "m")[0].lower()
    try:
        span = parse_duration(f"{after[1]}{unit}{(after[3] or '').lower() if unit == 'h' else ''}")
    except ValueError:
        return None, words
    return PromiseBy(after=span), rest


def _at(found: re.Match[str]) -> PromiseBy | None:
    hour, minute, half, zone = int(found[1]), int(found[2]), (found[3] or "").lower(), found[4]
    if half and not 1 <= hour <= 12:
        return None
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour > 23 or minute > 59:
        return None
    # What follows the time is a zone only where there is such a one: "14:30 because".
    return PromiseBy(at=time(hour, minute), zone=zone if zone and _zone(zone) is not None else None)


def moment_meant(promise: PromiseBy, *, now: datetime, zone: str) -> datetime:
    """The next such time; `zone` is for one that names none. Raises `Refused` for one that has passed, or is days
    away."""
    if promise.after is not None:
        moment = now + promise.after
        if promise.after > FURTHEST:
            raise Refused(worded("no promise further ahead than 12 hours: nobody can tell today"))
        return moment
    here = _zone(promise.zone or zone) or ZoneInfo("UTC")
    local = now.astimezone(here)
    wanted = datetime.combine(local.date(), promise.at or time(), tzinfo=here).astimezone(UTC)
    if wanted <= now:
        wanted = datetime.combine(
            local.date() + timedelta(days=1), promise.at or time(), tzinfo=here
        ).astimezone(UTC)
    if wanted - now > FURTHEST:
        said = f"{promise.at:%H:%M}" if promise.at is not None else "that"
        raise Refused(
            worded(
                "{said} ({zone}) has passed, or is more than 12 hours ahead; it is {now} now",
                said=said,
                zone=promise.zone or zone,
                now=clock(now.astimezone(UTC)),
            )
        )
    return wanted


def _zone(name: str) -> ZoneInfo | None:
    if name.upper() in ("UTC", "GMT", "Z"):
        return ZoneInfo("UTC")
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return None
