"""`liaison backtest`: an export or our own store replayed, insight by insight; what one cannot do, the others do."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from rich.console import Console

from incidents.policy.insights import Insights
from incidents.sla.calendars import Calendars
from incidents.store.database import Database
from insights.backtest.breaches import breach_section
from insights.backtest.duplicates import duplicates_section
from insights.backtest.export_promises import Promises, export_promises
from insights.backtest.history import (
    History,
    ReplayWindow,
    choose_window,
)
from insights.backtest.routing import routing_section
from insights.backtest.sections import BacktestSection
from insights.backtest.surges import surge_section
from insights.breach.promises import (
    PROMISES,
    Promise,
    promise_rows,
)
from insights.learning import CannotLearn
from insights.store.breach_promises import read_promises
from insights.store.past_tickets import past_tickets

SEED = 7
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """What was told of the window, a section an insight."""

    history: History
    window: ReplayWindow
    sections: tuple[BacktestSection, ...]


@dataclass(frozen=True, kw_only=True)
class StoreHistory:
    """Our own tickets, and our own promises with who had what when."""

    tickets: History
    promises: Sequence[Promise]


async def read_store(database: Database, *, history: timedelta, now: datetime) -> StoreHistory:
    """What the store knows. `history` is how far back promises are read."""
    async with database.transaction() as tx:
        frame = await past_tickets(tx, until=now)
        promises = await read_promises(tx, since=now - history, until=now)
    source = "this installation's store"
    return StoreHistory(tickets=History(frame=frame, source=source), promises=promises)


def replay_export(
    history: History,
    *,
    start: datetime | None,
    end: datetime | None,
    insights: Insights,
    progress: Callable[[str], None] = lambda _: None,
) -> Replayed:
    """Raises `BacktestError` if there is nothing to replay, or nothing before it."""
    window = choose_window(history, start=start, end=end)
    return _replay(history, window, lambda: export_promises(history, window), insights, progress)


def replay_store(
    stored: StoreHistory,
    calendars: Calendars,
    *,
    start: datetime | None,
    end: datetime | None,
    now: datetime,
    insights: Insights,
    progress: Callable[[str], None] = lambda _: None,
) -> Replayed:
    """As `replay_export`."""
    window = choose_window(stored.tickets, start=start, end=end)
    window = ReplayWindow(start=window.start, end=window.end, known_until=now)

    def promises() -> Promises:
        rows = promise_rows(stored.promises, calendars, now=now)
        limits = ("Time is working time, and each promise was looked at when it changed hands or state.",)
        return Promises(rows=rows, roles=PROMISES, has_due=True, limits=limits)

    return _replay(stored.tickets, window, promises, insights, progress)


def print_replayed(console: Console, replayed: Replayed, folder: Path) -> None:
    """A short text; the page has the rest."""
    inside = int(replayed.window.of(replayed.history.frame["created_at"]).sum())
    say = _plainly(console)
    say(f"Replayed {inside:,} tickets, {replayed.window}, from {replayed.history.source}.")
    for note in replayed.history.notes[1:]:
        say(f"  {note}")
    for section in replayed.sections:
        say(f"\n{section.title}")
        say(f"  {f'Not available: {section.missing}' if section.missing else section.headline}")
        for figure in section.figures:
            between = f" ({figure.interval.strip('()')})" if figure.interval else ""
            say(f"  {figure.words}: {figure.value}{between}, {figure.n}")
    say(f"\nThe whole report with plots: {folder / 'backtest.html'}")


def default_folder(now: datetime) -> Path:
    """One a second, in the folder we are in."""
    return Path.cwd() / f"backtest-{now:%Y-%m-%d-%H%M%S}"


def _replay(
    history: History,
    window: ReplayWindow,
    promises: Callable[[], Promises],
    insights: Insights,
    progress: Callable[[str], None],
) -> Replayed:
    def breach() -> BacktestSection:
        found = promises()
        return breach_section(
            found.rows, found.roles, window, has_due=found.has_due, limits=found.limits, seed=SEED
        )

    def routing(label: str) -> Callable[[], BacktestSection]:
        return lambda: routing_section(history, window, label, accuracy=insights.routing.accuracy, seed=SEED)

    def surge() -> BacktestSection:
        return surge_section(history, window, score=insights.surge.score)

    def duplicates() -> BacktestSection:
        limits = insights.similar
        return duplicates_section(
            history, window, link_above=limits.link_above, suggest_above=limits.suggest_above, seed=SEED
        )

    parts: list[tuple[str, str, Callable[[], BacktestSection]]] = [
        *((f"routing-{label}", f"Routing: the {label}", routing(label)) for label in _labels(history)),
        ("duplicates", "Duplicates: the same fault again", duplicates),
        ("surge", "Surge: more tickets than usual", surge),
        ("breach", "Breach: promises at risk", breach),
    ]  # fmt: skip
    return Replayed(history=history, window=window, sections=tuple(_sections(parts, progress)))


def _labels(history: History) -> Sequence[str]:
    """The group, and the service where it is known; without both, the group, to be told what is missing."""
    return [name for name in ("group", "service") if history.has(name)] or ["group"]


def _sections(
    parts: Sequence[tuple[str, str, Callable[[], BacktestSection]]], progress: Callable[[str], None]
) -> Iterator[BacktestSection]:
    for name, title, make in parts:
        progress(title)
        try:
            yield make()
        except CannotLearn as error:
            yield BacktestSection(name=name, title=title, missing=str(error))
        except Exception as error:  # noqa: BLE001 - whatever one insight stumbles over, the others are still told
            _LOG.exception("the section %s could not be made", name)
            why = f"It could not be computed ({type(error).__name__}); please report this with the log."
            yield BacktestSection(name=name, title=title, missing=why)


def _plainly(console: Console) -> Callable[[str], None]:
    return lambda text: console.print(text, markup=False, highlight=False, soft_wrap=True)
