"""Grafana OnCall's recurring shifts as layers.

How OnCall makes events of them is told by grafana/oncall, engine/apps/schedules/models/custom_on_call_shift.py
(`convert_to_ical`): of rolling users the first group has the first event from `start` on, each next one the next, in
`interval` days or weeks; by weekdays a group has a whole week, which begins at `week_start`, or, by days, every
`interval`-th chosen day is the next group's; `until` is UTC. Turns count from `start`; those before `rotation_start`
are left away, of schedules made in the web only those that are over by then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from math import lcm
from zoneinfo import ZoneInfo

from deployments.imports.grafana_oncall.answers import DAYS, OnCallShiftRule
from incidents.imports.layers import hourly
from incidents.imports.on_call_setup import ToolLayer
from incidents.imports.week_hours import each_day, stretch
from incidents.service_levels import OpenHours

_DAY = 1440
_WEEK = timedelta(days=7)
_IN_A_CALENDAR = "keep it in a calendar and name that as the rota's feed, or write it by hand"
MOST_WEEKS = 60
"""Weeks after which turns by chosen days begin anew."""


class UnsaidShift(Exception):
    """Raised where a shift cannot be said in layers."""

    def __init__(self, words: str, cure: str = _IN_A_CALENDAR) -> None:
        super().__init__(words)
        self.words = words
        self.cure = cure


@dataclass(frozen=True, kw_only=True, slots=True)
class SaidShift:
    """`remarks` are what is not quite the same."""

    layers: tuple[ToolLayer, ...]
    remarks: tuple[str, ...]


def said_shift(shift: OnCallShiftRule, zone: ZoneInfo, *, is_web: bool) -> SaidShift:
    """Layers by the clock of `zone`, which is the shift's. Raises `UnsaidShift`."""
    if shift.frequency is None:
        raise UnsaidShift("it says not how often it comes")
    if shift.by_month or shift.by_monthday or shift.frequency == "monthly":
        raise UnsaidShift("it goes by months, and layers by days and weeks")
    queues, remarks = _queues(shift)
    layer = ToolLayer(
        id=shift.id,
        name=shift.name or shift.id,
        people=queues[0],
        first=shift.start,
        days=1,
        until=_until(shift, zone),
        level=shift.level,
    )
    made: list[ToolLayer] = []
    for people in queues:
        turns = _turns(shift, replace(layer, people=people))
        turns = _turns(shift, replace(layer, people=people))
        made += [_from_rotation_start(one, shift, is_web=is_web) for one in turns]
    length = max(one.days for one in made) * _DAY
    if shift.type == "rolling_users" and made[0].hours is None and _minutes(shift) > length:
        remarks.append("its turns last longer than they are apart; here the next one takes over at once")
    return SaidShift(
        layers=tuple(one for one in made if one.until is None or one.first < one.until),
        remarks=tuple(remarks),
    )


def _queues(shift: OnCallShiftRule) -> tuple[list[tuple[str, ...]], list[str]]:
    """Whoever takes turns, one list for each who is on call at the same time."""
    if shift.type == "recurrent_event":
        if not shift.users:
            raise UnsaidShift("it has no users")
        return [(user,) for user in dict.fromkeys(shift.users)], []
    index = shift.start_rotation_from_user_index
    groups = [one for one in (*shift.rolling_users[index:], *shift.rolling_users[:index]) if one]
    if not groups:
        raise UnsaidShift("it has no users")
    if len({len(one) for one in groups}) == 1:
        return [tuple(queue) for queue in zip(*groups, strict=True)], []
    more = sorted(
        {user for queue in zip_longest(*groups) for user in queue if user} - {one[0] for one in groups}
    )
    words = f"of groups of several the first one takes the turn; not on call with them: {len(more)} more"
    return [tuple(one[0] for one in groups)], [words]


def _turns(shift: OnCallShiftRule, layer: ToolLayer) -> tuple[ToolLayer, ...]:
    match shift.frequency:
        case "hourly":
            return _hourly(shift, layer)
        case "daily":
            return _daily_by_day(shift, layer) if shift.by_day else (_daily(shift, layer),)
        case _:
            return (_weekly_by_day(shift, layer) if len(set(shift.by_day)) > 1 else _weekly(shift, layer),)


def _hourly(shift: OnCallShiftRule, layer: ToolLayer) -> tuple[ToolLayer, ...]:
    if shift.by_day or shift.type != "rolling_users" or shift.duration != shift.interval * 3600:
        raise UnsaidShift("hours that come again within a day, but not one after the other, have no word")
    found = hourly(layer, shift.interval)
    if found is None:
        raise UnsaidShift(f"turns of {shift.interval} hours are handed over at another time each day")
    return found


def _daily(shift: OnCallShiftRule, layer: ToolLayer) -> ToolLayer:
    if _minutes(shift) >= shift.interval * _DAY:
        return replace(layer, days=shift.interval)
    if shift.interval > 1:
        raise UnsaidShift(f"it comes every {shift.interval} days and does not last as long")
    return replace(layer, hours=each_day(_start(shift), _minutes(shift)))


def _weekly(shift: OnCallShiftRule, layer: ToolLayer) -> ToolLayer:
    """Once in `interval` weeks: on its weekday, or else the start's."""
    first = shift.start + timedelta(days=_days_to(shift))
    layer = replace(layer, first=first, days=7 * shift.interval)
    if _minutes(shift) >= layer.days * _DAY:
        return layer
    if shift.interval > 1:
        raise UnsaidShift(f"it comes every {shift.interval} weeks and does not last as long")
    return replace(layer, hours=stretch(first.weekday() * _DAY + _start(shift), _minutes(shift)))


def _weekly_by_day(shift: OnCallShiftRule, layer: ToolLayer) -> ToolLayer:
    if shift.interval > 1:
        raise UnsaidShift(f"it comes on chosen days of every {shift.interval}th week")
    layer = replace(layer, days=7, hours=_on_days(shift, shift.by_day))
    if shift.type == "recurrent_event":
        return layer
    if _minutes(shift) > _DAY:
        raise UnsaidShift("it lasts over a day on several chosen days")
    first = shift.start + timedelta(days=_days_to(shift))
    into_week = (first.weekday() - DAYS.index(shift.week_start)) % 7
    return replace(layer, first=first - timedelta(days=into_week), begins=first)


def _daily_by_day(shift: OnCallShiftRule, layer: ToolLayer) -> tuple[ToolLayer, ...]:
    """The next group every `interval`-th chosen day: a layer a weekday, whose people come round in some weeks."""
    if _minutes(shift) > _DAY:
        raise UnsaidShift("it lasts over a day on chosen days")
    if shift.type == "recurrent_event":
        if shift.interval > 1:
            raise UnsaidShift(f"it comes on chosen days of every {shift.interval}th day")
        return (replace(layer, days=7, hours=_on_days(shift, shift.by_day)),)
    begin = shift.start + timedelta(days=_days_to(shift))
    dates = [
        begin + timedelta(days=day) for day in range(7) if _code(begin + timedelta(days=day)) in shift.by_day
    ]
    count = len(dates)
    weeks = lcm(count, shift.interval * len(layer.people)) // count
    if weeks > MOST_WEEKS:
        raise UnsaidShift(f"its turns begin anew after {weeks} weeks only")
    return tuple(
        replace(
            layer,
            people=tuple(
                layer.people[(number + week * count) // shift.interval % len(layer.people)]
                for week in range(weeks)
            ),
            first=date,
            days=7,
            hours=_on_days(shift, [_code(date)]),
        )
        for number, date in enumerate(dates)
    )


def _from_rotation_start(layer: ToolLayer, shift: OnCallShiftRule, *, is_web: bool) -> ToolLayer:
    """The layer from its first turn that is not left away; whose turn each is stays."""
    begin = shift.rotation_start
    if begin is None or begin <= layer.first or shift.type != "rolling_users":
        return layer
    if is_web:
        begin -= timedelta(seconds=shift.duration - 1)
    if shift.frequency == "weekly" and len(set(shift.by_day)) > 1:
        begin -= _WEEK - timedelta(minutes=1)  # what is left of a week is still its group's
    length = timedelta(days=layer.days)
    passed = max(0, -((layer.first - begin) // length))
    if not passed:
        return layer
    count = passed % len(layer.people)
    return replace(
        layer, first=layer.first + passed * length, people=layer.people[count:] + layer.people[:count]
    )


def _until(shift: OnCallShiftRule, zone: ZoneInfo) -> datetime | None:
    return (
        None if shift.until is None else shift.until.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)
    )


def _days_to(shift: OnCallShiftRule) -> int:
    """From the start to the first chosen day: the start's, else the first of a week that begins at `week_start`."""
    if not shift.by_day or _code(shift.start) in shift.by_day:
        return 0
    begin = DAYS.index(shift.week_start)
    ordered = [DAYS[(begin + number) % 7] for number in range(7)]
    wanted = next(day for day in ordered if day in shift.by_day)
    return (DAYS.index(wanted) - shift.start.weekday()) % 7


def _on_days(shift: OnCallShiftRule, days: Sequence[str]) -> tuple[OpenHours, ...]:
    return tuple(
        part
        for day in dict.fromkeys(days)
        for part in stretch(DAYS.index(day) * _DAY + _start(shift), _minutes(shift))
    )


def _code(at: datetime) -> str:
    return DAYS[at.weekday()]


def _start(shift: OnCallShiftRule) -> int:
    return shift.start.hour * 60 + shift.start.minute


def _minutes(shift: OnCallShiftRule) -> int:
    return -(-shift.duration // 60)
