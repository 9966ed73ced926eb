"""Whether an upgrade of the library of holidays moved a due time: what each calendar closed when we looked last.

Releases of `holidays` add days and take days away. A promise counted since then is due at another time, and nobody
changed the policy. So `liaison check` keeps, in the home folder, what each calendar closes in this year and the next,
and tells the differences once.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from importlib.metadata import version
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from incidents.policy.calendars import WorkCalendar
from incidents.policy.policy import Policy

FILE = "holidays.json"


class _Calendar(BaseModel):
    """A calendar as it was: its section, and the dates it closed, with what they are called."""

    model_config = ConfigDict(frozen=True)
    section: str
    closed: dict[date, str]


class _Memory(BaseModel):
    model_config = ConfigDict(frozen=True)
    library: str
    calendars: dict[str, _Calendar]


def moved_dates(home: Path, policy: Policy, year: int) -> list[str]:
    """Differences since the last look, a sentence a calendar; from now on, the new dates are the known ones.

    A calendar whose section in the policy was changed meanwhile is not compared. Raises `OSError` if the home cannot
    be written.
    """
    file = home / FILE
    now = _Memory(
        library=version("holidays"),
        calendars={name: _as_it_is(section, year) for name, section in policy.sla.calendars.items()},
    )
    before = _read(file)
    told = list(_differences(before, now, year)) if before is not None else []
    file.touch(mode=0o600)
    file.write_text(now.model_dump_json(), encoding="utf-8")
    return told


def _as_it_is(section: WorkCalendar, year: int) -> _Calendar:
    rules = section.holidays.rules()
    return _Calendar(
        section=section.model_dump_json(by_alias=True), closed=rules.closed(year) | rules.closed(year + 1)
    )


def _read(file: Path) -> _Memory | None:
    try:
        return _Memory.model_validate_json(file.read_bytes())
    except (FileNotFoundError, ValidationError):  # never looked, or written by another version
        return None


def _differences(before: _Memory, now: _Memory, year: int) -> Iterator[str]:
    for name, calendar in now.calendars.items():
        known = before.calendars.get(name)
        if known is None or known.section != calendar.section:
            continue
        # Of the years that both have: in January the last year's memory knows no year after this one.
        first = date(year, 1, 1)
        last = min(max(known.closed, default=first), max(calendar.closed, default=first))
        old = {day: title for day, title in known.closed.items() if first <= day <= last}
        new = {day: title for day, title in calendar.closed.items() if first <= day <= last}
        parts = [f"{day} {old[day]} is worked now" for day in sorted(old.keys() - new.keys())]
        parts += [f"{day} {new[day]} is closed now" for day in sorted(new.keys() - old.keys())]
        if parts:
            yield (
                f"calendar {name!r}: holidays {now.library} has other days than {before.library} ({'; '.join(parts)}), "
                "so what is due after them moved; write dates under extra or except if the old ones were right"
            )
