"""The SLA board as a table: what breaches next, a promise a row."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from incidents.notes.sla import metric_words
from incidents.notes.states import state_words
from incidents.sla.clock import ClockState
from incidents.sla.explain import amount
from incidents.store.sla.board import BoardRow
from incidents.texts.team import worded
from incidents.texts.times import day_and_clock, whole_percent
from tasks.pages.addresses import page_address

_WEB = re.compile(r"https?://[^\s()<>|\]]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class BoardTable:
    """Its cells as Prefect's table artifacts want them, and a sentence that counts them."""

    rows: list[dict[str, str]]
    description: str


def stories_on(found: Sequence[BoardRow]) -> list[str]:
    """The keys of the incidents' pages that it has links to."""
    return list(dict.fromkeys(row.incident.lower() for row in found if row.incident and row.ticket is None))


def board_table(
    found: Sequence[BoardRow], *, now: datetime, prefect_ui: str, stories: Mapping[str, UUID]
) -> BoardTable:
    """`prefect_ui` is the address of the Prefect UI without a slash at its end, or empty: there are no links to
    stories then. `stories` has the artifacts of incidents' pages by key."""

    def story(incident: str) -> str:
        return f"{prefect_ui}{page_address(incident.lower(), stories)}" if prefect_ui else ""

    rows = [_shown(row, story, is_late=_is_late(row, now)) for row in found]
    paused = sum(row.clock.state is ClockState.PAUSED for row in found)
    late = sum(row.clock.state is not ClockState.PAUSED and _is_late(row, now) for row in found)
    return BoardTable(
        rows=rows,
        description=worded(
            "What breaches next, as of {time}: {to_come} to come, {missed} missed and still open, {still} standing "
            "still. Each promise in full: `liaison sla INC-7`, `liaison sla ZD-4711`.",
            time=day_and_clock(now),
            to_come=len(rows) - late - paused,
            missed=late,
            still=paused,
        ),
    )


def _is_late(row: BoardRow, now: datetime) -> bool:
    return row.due_at is not None and row.due_at <= now


def _shown(row: BoardRow, story: Callable[[str], str], *, is_late: bool) -> dict[str, str]:
    clock = row.clock
    if clock.state is ClockState.PAUSED:
        state = state_words(clock.paused_because or "")
    else:
        state = worded("missed") if is_late else worded("running")
    promised = amount(clock.target) if clock.target is not None else ""
    # What matters most stands first: one UI cuts wide tables off.
    return {
        worded("due (UTC)"): _due(row.due_at) if row.due_at is not None else worded("stands still"),
        worded("promise"): _cell(f"{metric_words(clock.metric)}, {promised} ({clock.policy})"),
        worded("ticket"): _cell(row.ticket or ""),
        worded("incident"): row.incident or "",
        worded("with"): _cell(row.who or worded("nobody")),
        worded("clock"): state,
        worded("risk"): whole_percent(row.risk) if row.risk is not None and not is_late else "",
        worded("service"): _cell(row.service or ""),
        worded("link"): _link(row, story),
    }


def _link(row: BoardRow, story: Callable[[str], str]) -> str:
    """To the ticket where it is one, else to the incident's story."""
    if row.ticket is not None:
        return _opened(row.ticket_url) if row.ticket_url and _WEB.fullmatch(row.ticket_url) else ""
    address = story(row.incident) if row.incident else ""
    return _opened(address) if address else ""


def _opened(address: str) -> str:
    return worded("[open]({address})", address=address)


def _due(at: datetime) -> str:
    return worded("{month}-{day} {time}", month=f"{at:%m}", day=f"{at:%d}", time=f"{at:%H:%M}")


def _cell(text: str) -> str:
    """Text as text in a table's cell, where one UI makes links of Markdown's and the other shows what there is."""
    return text.replace("](", "] (")
