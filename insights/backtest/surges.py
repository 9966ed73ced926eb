"""What surge detection would have told: every ticket heard in order, alarms with their evidence."""

from __future__ import annotations

from collections import Counter, deque
from datetime import timedelta

import pandas as pd

from insights.backtest import plots
from insights.backtest.faults import faults
from insights.backtest.history import History, ReplayWindow
from insights.backtest.sections import (
    BacktestSection,
    Table,
    count,
    share,
)
from insights.learning import NotEnoughHistory, UnusableHistory
from insights.surge.detector import (
    Surge,
    SurgeDetector,
    SurgeSettings,
)
from insights.surge.voices import SurgeEvent

LISTENS_BEFORE = timedelta(weeks=12)
_MAIN = ("service", "product", "category", "group")
_BESIDE = ("category", "tier")
_ONE_INCIDENT = 3
"""So many tickets of one known incident in an alarm's last hours make it theirs."""

_BACK = timedelta(hours=4)


def surge_section(history: History, window: ReplayWindow, *, score: float) -> BacktestSection:
    """`score` is the policy's: how improbable an alarm is. Raises `CannotLearn`."""
    main = history.best_of(_MAIN)
    if main is None:
        raise UnusableHistory(f"tickets are counted by one of {', '.join(_MAIN)}, and none of them is given")
    beside = tuple(name for name in _BESIDE if name != main and history.has(name))
    settings = SurgeSettings(groupings=((main,), *((main, name) for name in beside)), score=score)
    frame = history.frame
    heard = frame[(frame["created_at"] >= window.start - LISTENS_BEFORE) & (frame["created_at"] < window.end)]
    heard = heard.assign(fault=faults(frame)[heard.index])
    begin = heard["created_at"].iloc[0]
    if window.start - begin < settings.learns_for:
        raise NotEnoughHistory(
            f"not enough history: {(window.start - begin).days} of {settings.learns_for.days} days before "
            f"{window.start:%Y-%m-%d} to learn what is usual"
        )
    alarms = _alarms(heard, settings, (main, *beside), window)
    inside = heard[window.of(heard["created_at"])]
    weeks = (window.end - window.start) / timedelta(weeks=1)
    ours = [*alarms["incident"].notna()] if history.has("duplicate_of") else []
    return BacktestSection(
        name="surge",
        title="Surge: more tickets than usual",
        headline=f"Alarms: {len(alarms)} in {weeks:.1f} weeks, {len(alarms) / weeks:.1f} a week.",
        figures=(
            count("Alarms", len(alarms), f"{len(inside):,} tickets in {weeks:.1f} weeks"),
            *((share("Of them with a known incident", sum(ours), len(ours), "alarms"),) if ours else ()),
        ),
        plots=(
            plots.days("surge", "Tickets a day, and the alarms", inside["created_at"], [*alarms["at"]]),
        ),
        tables=(
            *((Table(name="surge-alarms", title="Alarms", rows=alarms),) if len(alarms) else ()),
            Table(name="surge-weeks", title="Alarms a week", rows=_by_week(inside, alarms)),
        ),
        limits=(
            f"Counted by {main}" + (f", and by it with {', '.join(beside)}" if beside else "") + ". Hours are UTC.",
            "Each alarm was raised by what had come in until then. Whether it was worth one, only you can say.",
            *(
                ((f"With a known incident: {_ONE_INCIDENT} or more of its tickets came in the {_BACK.seconds // 3600} "
                 "hours before the alarm."),) if ours else ()
            ),
        ),
    )  # fmt: skip


def _alarms(
    heard: pd.DataFrame, settings: SurgeSettings, dimensions: tuple[str, ...], window: ReplayWindow
) -> pd.DataFrame:
    detector, alarms = SurgeDetector(settings), []
    recent: deque[tuple[pd.Timestamp, str | None]] = deque()
    wanted = ("created_at", *dimensions, "customer", "channel", "fault")
    columns = [[*heard[name]] if name in heard else [None] * len(heard) for name in wanted]
    last = None
    for at, *values in zip(*columns, strict=True):
        *named, customer, channel, incident = (None if pd.isna(one) else str(one) for one in values)
        if last is not None and at - last > settings.half_life:
            # After such a gap nothing of before is usual any more.
            detector = SurgeDetector(settings)
        last = at
        recent.append((at, incident))
        while recent[0][0] < at - _BACK:
            recent.popleft()
        keys = {name: value for name, value in zip(dimensions, named, strict=True) if value}
        surge = detector.see(
            SurgeEvent(at=at.to_pydatetime(), keys=keys, source=channel or "", reporter=customer)
        )
        if surge is not None and window.start <= at < window.end:
            alarms.append(_alarm(surge, at, _incident(recent)))
    names = ("at", "group", "since", "reports", "usual", "score", "incident", "evidence")
    frame = pd.DataFrame(alarms, columns=[*names])
    return frame.astype({"incident": object})


def _alarm(surge: Surge, at: pd.Timestamp, incident: str | None) -> tuple[object, ...]:
    group = ", ".join(f"{name} {value}" for name, value in surge.group)
    evidence = "; ".join(surge.evidence)
    since = pd.Timestamp(surge.since)
    return (
        at,
        group,
        since,
        surge.count,
        round(surge.expected, 3),
        round(surge.score, 1),
        incident,
        evidence,
    )


def _incident(recent: deque[tuple[pd.Timestamp, str | None]]) -> str | None:
    named = Counter(incident for _, incident in recent if incident)
    most = named.most_common(1)
    return most[0][0] if most and most[0][1] >= _ONE_INCIDENT else None


def _by_week(inside: pd.DataFrame, alarms: pd.DataFrame) -> pd.DataFrame:
    tickets, raised = (_weeks(times).value_counts() for times in (inside["created_at"], alarms["at"]))
    weeks = sorted(tickets.index)
    return pd.DataFrame(
        {
            "week": weeks,
            "tickets": [int(tickets[week]) for week in weeks],
            "alarms": [int(raised.get(week, 0)) for week in weeks],
        }
    )


def _weeks(times: pd.Series) -> pd.Series:
    stamps = pd.to_datetime(times, utc=True)
    return stamps.dt.strftime("%G-W%V")
