"""Zendesk's schedules and holidays in our words; plain functions.

https://developer.zendesk.com/api-reference/ticketing/ticket-management/schedules/: `intervals` are minutes since
Sunday's midnight, and 0 or 10080 is the midnight that ends Saturday; holidays have a first and a last date.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from connectors.kit.fields import any_text, items, record, whole
from connectors.zendesk.service_levels.time_zones import zone_from
from incidents.service_levels import WEEK, LevelHoliday, LevelSchedule, OpenHours, Unread

_DAY = 1440


def schedule_from(data: dict[str, Any], holidays: Sequence[Any]) -> LevelSchedule:
    """One schedule. An interval that cannot be read takes all hours with it: the rest would be other hours."""
    name = any_text(data.get("name"))
    what = f"schedule {name!r}"
    found = [(one, _hours(one)) for one in items(data.get("intervals"))]
    closed = [(one, _holiday(one)) for one in holidays]
    odd_hours = [
        Unread(
            what=what,
            why=f"its interval {_shown(one)} is not one of minutes since Sunday's midnight",
            cure="correct the schedule in Zendesk and import it again",
        )
        for one, hours in found
        if hours is None
    ]
    odd_holidays = [
        Unread(
            what=what,
            why=f"its holiday {_shown(one)} has no first and last date",
            cure="add its dates under holidays, extra, of the calendar",
        )
        for one, holiday in closed
        if holiday is None
    ]
    hours = [one for _, several in found if several is not None for one in several]
    return LevelSchedule(
        id=any_text(data.get("id")),
        name=name,
        zone=zone_from(any_text(data.get("time_zone"))),
        hours=() if odd_hours else tuple(sorted(hours, key=lambda one: (one.opens, one.closes))),
        holidays=tuple(holiday for _, holiday in closed if holiday is not None),
        unread=(*odd_hours, *odd_holidays),
    )


def _hours(interval: Any) -> list[OpenHours] | None:
    """From Sunday's midnight to Monday's; what goes on from Sunday into Monday comes in two."""
    start, end = (whole(record(interval).get(name)) for name in ("start_time", "end_time"))
    if start is None or end is None or not (0 <= start <= WEEK and 0 <= end <= WEEK):
        return None
    opens, closes = start - _DAY, (end or WEEK) - _DAY
    if opens >= closes:
        return None
    if closes <= 0:
        return [OpenHours(opens=opens + WEEK, closes=closes + WEEK)]
    if opens < 0:
        return [OpenHours(opens=opens + WEEK, closes=WEEK), OpenHours(opens=0, closes=closes)]
    return [OpenHours(opens=opens, closes=closes)]


def _holiday(data: Any) -> LevelHoliday | None:
    first, last = (_date(record(data).get(name)) for name in ("start_date", "end_date"))
    if first is None or last is None or first > last:
        return None
    return LevelHoliday(name=any_text(data.get("name")), first=first, last=last)


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None


def _shown(data: Any) -> str:
    return any_text(data)[:120]
