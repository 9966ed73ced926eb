"""A command counts for as long as whoever said it still waits for it: after an outage, yesterday's pages nobody."""

from __future__ import annotations

from datetime import datetime, timedelta

from incidents.commands.asked import Asked
from incidents.decisions.chat_rights import ACTING
from incidents.errors import Refused
from incidents.texts.team import worded
from incidents.texts.times import clock, duration, minute_of

OLDEST = timedelta(minutes=30)
"""Older ones are answered and not obeyed: meanwhile others have acted, or it was done by hand."""


def refuse_what_is_old(asked: Asked, *, now: datetime) -> None:
    """Raises `Refused`, with the cure, for a command that would do something and was said too long ago."""
    if asked.verb in ACTING and now - asked.at > OLDEST:
        raise Refused(
            worded(
                "`{verb}` was said at {at} and heard {now} later, so it may no longer hold. Say it again "
                "if it does",
                verb=asked.verb,
                at=clock(minute_of(asked.at)),
                now=duration(now - asked.at),
            )
        )
