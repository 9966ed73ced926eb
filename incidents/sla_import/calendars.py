"""A helpdesk's schedules and holidays as calendars of the policy file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from pydantic import ValidationError

from incidents.imports.names import Names
from incidents.imports.report import Fate, ImportLine, called
from incidents.imports.week_hours import merged, written
from incidents.policy.calendars import WorkCalendar
from incidents.service_levels import LevelHoliday, LevelSchedule
from incidents.sla.calendars import ALWAYS, Calendar
from incidents.sla_import.report import left

LONGEST_HOLIDAY = 1500
"""Days; Zendesk has holidays of at most four years. A longer one is a slip."""
_AGAIN = "correct it in the helpdesk and import again, or write the calendar by hand"


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportedCalendar:
    """A schedule that could be taken over; `section` is what stands in the policy file under its name."""

    schedule: LevelSchedule
    name: str
    section: Mapping[str, Any]
    calendar: Calendar


def calendars_from(
    schedules: Sequence[LevelSchedule],
) -> tuple[tuple[ImportedCalendar, ...], tuple[ImportLine, ...]]:
    """The calendars that could be made, and a line for each schedule, holiday and difficulty."""
    names = Names(frozenset({ALWAYS.name}))
    calendars: list[ImportedCalendar] = []
    lines: list[ImportLine] = []
    for schedule in schedules:
        what = called("schedule", schedule.name)
        lines += [left("", one) for one in schedule.unread]
        if not schedule.hours:
            lines.append(
                ImportLine(fate=Fate.LEFT, what=what, words="no working hours could be read", cure=_AGAIN)
            )
            continue
        hours, holidays = merged(schedule.hours), [one for one in schedule.holidays if _is_sane(one)]
        lines += [_too_long(what, one) for one in schedule.holidays if not _is_sane(one)]
        dates = {day: one.name for one in holidays for day in _days(one)}
        section: dict[str, Any] = {"timezone": schedule.zone, "hours": written(hours)}
        if dates:
            named = {day.isoformat(): dates[day] for day in sorted(dates)}
            section["holidays"] = {"extra": list(named), "names": named}
        try:
            work = WorkCalendar.model_validate(section)
        except ValidationError as error:
            words = "; ".join(one["msg"].removeprefix("Value error, ") for one in error.errors())
            lines.append(ImportLine(fate=Fate.LEFT, what=what, words=words, cure=_AGAIN))
            continue
        name = names.name(schedule.name, otherwise=f"schedule-{schedule.id}")
        calendar = work.calendar(name)
        calendars.append(ImportedCalendar(schedule=schedule, name=name, section=section, calendar=calendar))
        weekly = calendar.weekly / timedelta(hours=1)
        words = f"as calendar {name}, {schedule.zone}, {weekly:g} h a week, {len(dates)} closed dates"
        lines.append(ImportLine(fate=Fate.TAKEN, what=what, words=words))
    return tuple(calendars), tuple(lines)


def _is_sane(holiday: LevelHoliday) -> bool:
    return holiday.first <= holiday.last and (holiday.last - holiday.first).days < LONGEST_HOLIDAY


def _too_long(what: str, holiday: LevelHoliday) -> ImportLine:
    words = f"it goes from {holiday.first} to {holiday.last}"
    cure = "correct it in the helpdesk, or list its dates under holidays, extra"
    return ImportLine(
        fate=Fate.LEFT, what=f"{what}, {called('holiday', holiday.name)}", words=words, cure=cure
    )


def _days(holiday: LevelHoliday) -> list[date]:
    """Each date of it: the policy file lists dates one by one."""
    return [
        holiday.first + timedelta(days=number) for number in range((holiday.last - holiday.first).days + 1)
    ]
