"""`liaison oncall`: who has each rota, now or at another time, and in the week after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from connectors.roster.feeds import turns_of
from deployments.commands import settings
from incidents.errors import LiaisonError, Unrecognised
from incidents.policy.file import load_policy
from incidents.policy.policy import Policy
from incidents.policy.rotas import ROSTER
from incidents.rotas.page_desk import FeedCopy
from incidents.rotas.rota import FEED, OVERRIDE, Roster, Rota, Turn, shifts
from incidents.store.database import Database
from incidents.store.roster.desk import read_feeds
from incidents.texts.times import duration

WEEK = timedelta(days=7)
NOBODY = "NOBODY"
_MARKS = {OVERRIDE: " (override)", FEED: " (calendar)"}


@dataclass(frozen=True, kw_only=True)
class OnCallShift:
    """A stretch with one person, or a gap. `is_cut` says that it goes on after the week."""

    start: datetime
    end: datetime
    person: str | None
    name: str
    by: str
    is_cut: bool


@dataclass(frozen=True, kw_only=True)
class RotaWeek:
    """One rota from `at` on: the first of `shifts` has it then. `remarks` are what may make it untrue."""

    rota: str
    title: str
    timezone: str
    at: datetime
    shifts: tuple[OnCallShift, ...]
    remarks: tuple[str, ...]


async def on_call(policy_file: Path, home: Path | None, at: str | None, now: datetime) -> list[RotaWeek]:
    """Every rota of the policy. `at` is a time by each rota's own clock, unless it says its distance from UTC.

    Raises `PolicyError`, and `LiaisonError` for a time that is none, or a policy without rotas.
    """
    policy = load_policy(policy_file)
    roster = policy.roster()
    if not roster.rotas:
        raise LiaisonError(
            f"{policy_file} has no rotas; add people: and rotas: as liaison.example.yaml has them"
        )
    wanted = None if at is None else _time(at)
    copies, trouble = await _copies(policy, roster, home)
    return [
        _week(rota, roster, copies.get(rota.feed), at=_from(wanted, rota, now), now=now, trouble=trouble)
        for rota in roster.rotas.values()
    ]


def print_on_call(console: Console, weeks: Sequence[RotaWeek]) -> None:
    """For somebody who is tired: who has it first, then the week, by the rota's clock and in UTC."""

    def say(line: str = "") -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    for number, week in enumerate(weeks):
        zone = ZoneInfo(week.timezone)
        if number:
            say()
        first = week.shifts[0]
        until = "for the whole week" if first.is_cut else f"until {_day(first.end, zone)}"
        say(f"{week.rota}: {_who(first)} {until} ({week.timezone})")
        if week.title != week.rota:
            say(f"  {week.title}")
        say(f"  {'by its own clock':<37}  UTC")
        for one in week.shifts:
            end = "and on" if one.is_cut else _day(one.end, zone)
            utc_end = "and on" if one.is_cut else _day(one.end, UTC)
            own = f"{_day(one.start, zone)} - {end}"
            say(f"  {own:<39}  {f'{_day(one.start, UTC)} - {utc_end}':<39}  {_who(one)}")
        for remark in week.remarks:
            say(f"  ! {remark}")


def _who(one: OnCallShift) -> str:
    if one.person is None:
        return f"{NOBODY} for {duration(one.end - one.start)}{' or longer' if one.is_cut else ''}"
    return f"{one.name}{_MARKS.get(one.by, '')}"


def _day(at: datetime, zone: tzinfo) -> str:
    return at.astimezone(zone).strftime("%a %d %b %H:%M")


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise LiaisonError(f"{text[:40]!r} is no time; write 2026-12-24T18:00, or with Z for UTC") from error


def _from(wanted: datetime | None, rota: Rota, now: datetime) -> datetime:
    at = now if wanted is None else wanted
    return (at if at.tzinfo is not None else at.replace(tzinfo=rota.zone)).astimezone(UTC)


def _week(
    rota: Rota, roster: Roster, copy: FeedCopy | None, *, at: datetime, now: datetime, trouble: str
) -> RotaWeek:
    turns: Sequence[Turn] = ()
    remarks: list[str] = []
    if rota.feed and (copy is None or copy.fetched_at is None):
        why = trouble or (copy.trouble if copy is not None else "no connection has read it")
        remarks.append(f"its calendar {rota.feed!r} is not in this: {why}")
    elif copy is not None:
        turns, remarks = _turns(rota, roster, at, copy, now)
    found = shifts(rota, at, at + WEEK, turns)
    return RotaWeek(
        rota=rota.name,
        title=rota.title,
        timezone=rota.zone.key,
        at=at,
        shifts=tuple(
            OnCallShift(
                start=one.start,
                end=one.end,
                person=one.person,
                name=NOBODY if one.person is None else roster.name_of(one.person),
                by=one.by,
                is_cut=one.end == at + WEEK,
            )
            for one in found
        ),
        remarks=tuple(remarks),
    )


def _turns(
    rota: Rota, roster: Roster, at: datetime, copy: FeedCopy, now: datetime
) -> tuple[Sequence[Turn], list[str]]:
    what, remarks = f"its calendar {rota.feed!r}", []
    if copy.trouble and copy.fetched_at is not None:
        age = duration(now - copy.fetched_at)
        remarks.append(f"{what} is away; this is its copy of {age} ago ({copy.trouble})")
    try:
        found = turns_of(copy.content, rota.zone, roster.people, begin=at - timedelta(days=1), end=at + WEEK)
    except Unrecognised as error:
        return (), [*remarks, f"{what} is not in this: {error}"]
    remarks += [f"{what} has {stranger!r}, who is nobody of the policy" for stranger in found.strangers]
    return found.turns, remarks


async def _copies(policy: Policy, roster: Roster, home: Path | None) -> tuple[Mapping[str, FeedCopy], str]:
    """What the store has of the rotas' calendars, and why it could not be asked."""
    if not any(rota.feed for rota in roster.rotas.values()):
        return {}, ""
    connections = sorted(name for name in policy.connections() if name.startswith(f"{ROSTER}/"))
    copies: dict[str, FeedCopy] = {}
    try:
        database = Database(settings.database_url(home))
        try:
            async with database.transaction() as tx:
                for connection in connections:
                    copies |= await read_feeds(tx, connection)
        finally:
            await database.aclose()
    except (LiaisonError, SQLAlchemyError, OSError) as error:
        return {}, str(error)
    return copies, ""
