"""How far an update to many tickets has come, as a page: a row a helpdesk, until all are told."""

from __future__ import annotations

from datetime import datetime, timedelta

from incidents.store.ledger.fan_outs import FanOutProgress, HelpdeskProgress
from incidents.texts.times import clock, minute_of
from tasks.pages.markdown import plain

_MINUTE = timedelta(minutes=1)
_ORDER = (
    "First come those whose promise would break while they wait, then the others by tier. Each helpdesk takes only so "
    "many calls a minute."
)


def fan_out_title(incident: str, progress: FanOutProgress, *, now: datetime) -> str:
    """In a few words: for the list of pages."""
    if progress.goes_on_in is not None:
        return f"{incident}: merged into INC-{progress.goes_on_in}, where its customers are told"
    if progress.is_over:
        given_up = sum(one.given_up for one in progress.helpdesks)
        return f"{incident}: all told at {clock(now)}{f', but {given_up:,}' if given_up else ''}"
    told, left = _sum(progress)
    return f"{incident}: {told:,} of {told + left:,} customers told"


def fan_out_page(incident: str, progress: FanOutProgress, *, now: datetime) -> str:
    """While it goes on: who was told, who is left, and when that ends. At its end one line."""
    if progress.is_over:
        return _over(incident, progress, now=now)
    told, left = _sum(progress)
    ends = [one.ends_at for one in progress.helpdesks if not one.is_over and one.ends_at is not None]
    end = f" All of them by {_end(max(ends), now)}." if ends else ""
    lines = [
        f"# {incident}: customers are being told",
        "",
        f"**{told:,} of {told + left:,} customers told.**{end}",
        "",
        "| helpdesk | told | left | next free slot | expected end |",
        "| --- | --: | --: | --- | --- |",
        *(_row(one, now) for one in progress.helpdesks),
        "",
        _ORDER,
    ]
    others = sum(one.others_left for one in progress.helpdesks)
    if others:
        lines.append(f"{others:,} notes and statuses on tickets are still to come, by the same limits.")
    lines += [*_given_up(progress), "", f"As of {now:%H:%M:%S UTC}; it began at {clock(progress.began_at)}."]
    return "\n".join(lines)


def _over(incident: str, progress: FanOutProgress, *, now: datetime) -> str:
    if (into := progress.goes_on_in) is not None:
        return (
            f"# {fan_out_title(incident, progress, now=now)}\n\nHow far that is: the page `inc-{into}-told`."
        )
    told, _ = _sum(progress)
    lines = [
        f"# {fan_out_title(incident, progress, now=now)}",
        "",
        f"{told:,} customers were told, in {_span(now - progress.began_at)}.",
        *_given_up(progress),
    ]
    return "\n".join(lines)


def _given_up(progress: FanOutProgress) -> list[str]:
    given_up = sum(one.given_up for one in progress.helpdesks)
    if not given_up:
        return []
    wait = "waits" if given_up == 1 else "wait"
    return ["", f"**{given_up:,} could not be told and {wait} for a person**: see `liaison held`."]


def _row(one: HelpdeskProgress, now: datetime) -> str:
    if one.is_over:
        return f"| {plain(one.connection)} | {one.told:,} | 0 | | all told |"
    slot = "now" if one.next_at is None or one.next_at <= now else f"{one.next_at:%H:%M:%S UTC}"
    end = _end(one.ends_at, now) if one.ends_at is not None else "not known yet"
    return f"| {plain(one.connection)} | {one.told:,} | {one.left:,} | {slot} | {end} |"


def _end(at: datetime, now: datetime) -> str:
    return f"{clock(minute_of(at))}, in {_span(at - now)}"


def _span(span: timedelta) -> str:
    minutes = round(span / _MINUTE)
    if minutes < 1:
        return "less than a minute"
    return "about a minute" if minutes == 1 else f"about {minutes} minutes"


def _sum(progress: FanOutProgress) -> tuple[int, int]:
    return sum(one.told for one in progress.helpdesks), sum(one.left for one in progress.helpdesks)
