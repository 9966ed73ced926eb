"""Opsgenie's rotations as layers.

By Opsgenie's own documentation rotations, restrictions and overrides go by the schedule's time zone, turns are counted
from the rotation's start, a restriction from 11:00 to 11:00 is always active and one from 19:00 to 11:00 goes on after
midnight (support.atlassian.com/opsgenie/docs/time-constraints-and-timezones,
docs.opsgenie.com/docs/on-call-schedules-and-rotations). Restrictions do not shift whose turn it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from deployments.imports.opsgenie.answers import (
    Recipient,
    RecipientType,
    Rotation,
    TimeRestriction,
    TimeRestrictions,
)
from incidents.imports.layers import hourly
from incidents.imports.on_call_setup import ToolLayer
from incidents.imports.report import Fate, ImportLine, called
from incidents.imports.week_hours import each_day, stretch
from incidents.policy.calendars import WEEKDAYS
from incidents.service_levels import WEEK, OpenHours

_DAY = 1440
_DAYS = {"daily": 1, "weekly": 7}
_IN_A_CALENDAR = "keep it in a calendar and name that as the rota's feed, or write it by hand"


class _Unsaid(Exception):
    """Raised where a rotation cannot be said in layers."""

    def __init__(self, words: str, cure: str = _IN_A_CALENDAR) -> None:
        super().__init__(words)
        self.words = words
        self.cure = cure


def layers_of(
    rotation: Rotation, schedule: str, zone: ZoneInfo
) -> tuple[tuple[ToolLayer, ...], ImportLine | None]:
    """None of them, and a line that says why, where it cannot be said."""
    name = rotation.name or "a rotation without a name"
    try:
        return _layers(rotation, name, zone), None
    except _Unsaid as unsaid:
        what = f"{called('schedule', schedule)}, {called('rotation', name)}"
        return (), ImportLine(fate=Fate.LEFT, what=what, words=unsaid.words, cure=unsaid.cure)


def _layers(rotation: Rotation, name: str, zone: ZoneInfo) -> tuple[ToolLayer, ...]:
    layer = ToolLayer(
        id=rotation.id,
        name=name,
        people=_people(rotation.participants),
        first=_wall(rotation.start_date, zone),
        days=1,
        hours=None if rotation.time_restriction is None else _hours(rotation.time_restriction),
        until=None if rotation.end_date is None else _wall(rotation.end_date, zone),
    )
    if layer.until is not None and layer.until <= layer.first:
        raise _Unsaid("it ends when it begins", "")
    if rotation.type != "hourly":
        return (replace(layer, days=rotation.length * _DAYS[rotation.type]),)
    if len(set(layer.people)) == 1:  # whoever's turn it is, it is theirs
        return (replace(layer, people=layer.people[:1]),)
    if layer.hours is not None and rotation.length % 24:
        raise _Unsaid("turns of hours within a restriction have no word")
    found = hourly(layer, rotation.length)
    if found is None:
        raise _Unsaid(f"turns of {rotation.length} hours are handed over at another time each day")
    return found


def _people(participants: Sequence[Recipient]) -> tuple[str, ...]:
    if not participants:
        raise _Unsaid("it has no participants")
    others = [one.type for one in participants if one.type is not RecipientType.USER]
    if others:
        raise _Unsaid(_others_words(others))
    if not all(one.id or one.username for one in participants):
        raise _Unsaid("a participant has neither id nor username", "save the schedules with expand=rotation")
    return tuple(one.id or one.username for one in participants)


def _others_words(others: Sequence[RecipientType]) -> str:
    kinds = " and ".join(dict.fromkeys(others))
    if set(others) == {RecipientType.NONE}:
        return "some of its turns are nobody's, and a layer is somebody's all the time"
    return f"some of its turns are no user's ({kinds})"


def _hours(restrictions: TimeRestrictions) -> tuple[OpenHours, ...]:
    if restrictions.type == "time-of-day":
        one = restrictions.restriction or next(iter(restrictions.restrictions), None)
        if one is None:
            raise _Unsaid("its restriction has no hours")
        opens, closes = _minutes(one)
        return each_day(opens, (closes - opens) % _DAY or _DAY)
    found: list[OpenHours] = []
    for one in restrictions.restrictions:
        first, last = _weekday(one.start_day), _weekday(one.end_day)
        if first is None or last is None:
            raise _Unsaid("its restriction names a day that is none")
        opens, closes = _minutes(one)
        length = (last * _DAY + closes - first * _DAY - opens) % WEEK or WEEK
        found += stretch(first * _DAY + opens, length)
    if not found:
        raise _Unsaid("its restriction has no hours")
    return tuple(found)


def _minutes(one: TimeRestriction) -> tuple[int, int]:
    return one.start_hour * 60 + one.start_min, one.end_hour * 60 + one.end_min


def _weekday(name: str | None) -> int | None:
    short = (name or "").lower()[:3]
    return WEEKDAYS.index(short) if short in WEEKDAYS else None


def _wall(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)
