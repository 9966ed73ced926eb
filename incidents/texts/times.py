"""Moments and spans as people read them."""

from __future__ import annotations

from datetime import datetime, timedelta


def clock(at: datetime) -> str:
    """`14:30 UTC`."""
    return at.strftime("%H:%M UTC")


def minute_of(at: datetime) -> datetime:
    """The moment as it is said to customers, who read whole minutes: never before the moment itself."""
    whole = at.replace(second=0, microsecond=0)
    return whole if whole == at else whole + timedelta(minutes=1)


def duration(span: timedelta) -> str:
    """`1 h 05 min`, `4 min`, `30 s`; a passed moment is `12 min ago`."""
    seconds = round(span.total_seconds())
    if seconds < 0:
        return f"{duration(-span)} ago"
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02d} min"
