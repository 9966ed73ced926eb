"""The SLA board as a table: what breaches next, a promise a row."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from incidents.notes.sla import metric_words
from incidents.sla.clock import ClockState
from incidents.sla.explain import amount
from incidents.store.sla.board import BoardRow
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

    rows = [_shown(row, story, is_late=row.due_at is not None and row.due_at <= now) for row in found]
    late = sum(row["clock"] == "missed" for row in rows)
    paused = sum(row.clock.state is ClockState.PAUSED for row in found)
    return BoardTable(
        rows=rows,
        description=f"What breaches next, as of {now:%Y-%m-%d %H:%M UTC}: "
        f"{len(rows) - late - paused} to come, {late} missed and still open, {paused} standing still. "
        "Each promise in full: `liaison sla INC-7`, `liaison sla ZD-4711`.",
    )


def _shown(row: BoardRow, story: Callable[[str], str], *, is_late: bool) -> dict[str, str]:
    clock = row.clock
    if clock.state is ClockState.PAUSED:
        state = (clock.paused_because or "").replace("_", " ")
    else:
        state = "missed" if is_late else "running"
    promised = amount(clock.target) if clock.target is not None else ""
    # What matters most stands first: one UI cuts wide tables off.
    return {
        "due (UTC)": f"{row.due_at:%m-%d %H:%M}" if row.due_at is not None else "stands still",
        "promise": _cell(f"{metric_words(clock.metric)}, {promised} ({clock.policy})"),
        "ticket": _cell(row.ticket or ""),
        "incident": row.incident or "",
        "with": _cell(row.who or "nobody"),
        "clock": state,
        "risk": f"{row.risk:.0%}" if row.risk is not None and not is_late else "",
        "service": _cell(row.service or ""),
        "link": _link(row, story),
    }


def _link(row: BoardRow, story: Callable[[str], str]) -> str:
    """To the ticket where it is one, else to the incident's story."""
    if row.ticket is not None:
        return f"[open]({row.ticket_url})" if row.ticket_url and _WEB.fullmatch(row.ticket_url) else ""
    address = story(row.incident) if row.incident else ""
    return f"[open]({address})" if address else ""


def _cell(text: str) -> str:
    """Text as text in a table's cell, where one UI makes links of Markdown's and the other shows what there is."""
    return text.replace("](", "] (")
