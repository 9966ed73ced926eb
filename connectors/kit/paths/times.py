"""Times as helpdesks write them: ISO 8601, Unix seconds and milliseconds, mail dates, and the operator's own form."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime
from typing import Any

# The year 5138 in seconds, March 1973 in milliseconds: no ticket is as old as the one or as far as the other.
_MILLISECONDS_FROM = 10**11
# Shorter ones are dates: 20260302.
_NUMBER = re.compile(r"[0-9]{9,14}(\.[0-9]{1,9})?")
# GitLab: 2015-05-17 17:06:40 UTC
_NAMED_UTC = re.compile(r"(?P<time>\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?) ?(?:UTC|GMT)", re.ASCII)


def time_of(value: Any, zone: tzinfo, formats: tuple[str, ...] = ()) -> datetime | None:
    """The time in UTC; one that names no zone is read in `zone`. `formats` (strptime's) are tried first.

    None for the year 1, by which Go and .NET say "never". Raises ValueError for what is no time.
    """
    try:
        time = _read(value, formats)
        time = (time if time.tzinfo is not None else time.replace(tzinfo=zone)).astimezone(UTC)
    except (TypeError, OverflowError, OSError) as error:
        raise ValueError("not a time") from error
    return None if time.year == 1 else time


def _read(value: Any, formats: tuple[str, ...]) -> datetime:
    if isinstance(value, str):
        text = value.strip()
        for form in formats:
            try:
                return datetime.strptime(text, form)  # noqa: DTZ007  the caller adds the zone that is missing
            except ValueError:
                continue
        if not _NUMBER.fullmatch(text):
            return _written(text)
        value = float(text)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("not a time")
    return datetime.fromtimestamp(value / 1000 if abs(value) >= _MILLISECONDS_FROM else value, UTC)


def _written(text: str) -> datetime:
    named = _NAMED_UTC.fullmatch(text)
    if named is not None:
        return datetime.fromisoformat(named["time"]).replace(tzinfo=UTC)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        # RFC 5322, as mails and HTTP have it.
        return parsedate_to_datetime(text)
