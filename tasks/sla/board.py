"""The SLA board: a table in the Prefect UI of what breaches next, written anew when something on it has changed."""

from __future__ import annotations

import hashlib
import json
import re

from prefect import task
from prefect.artifacts import acreate_table_artifact

from incidents.notes.sla import metric_words
from incidents.sla.clock import ClockState
from incidents.sla.explain import amount
from incidents.store.sla.board import (
    BoardRow,
    board_rows,
    is_news,
)
from tasks import resources
from tasks.retries import REPEATABLE_STORE_CALL

KEY = "sla-board"
_WEB = re.compile(r"https?://[^\s()<>|\]]+")


@task(name="show SLA board", **REPEATABLE_STORE_CALL)
async def show_board() -> bool:
    """Write the board unless it reads as it did; returns whether it was written."""
    now = resources.utc_now()
    async with resources.database().transaction() as tx:
        found = await board_rows(tx, now=now)
        base = (resources.policy().links.prefect_ui or "").rstrip("/")
        table = [
            _shown(row, is_late=row.due_at is not None and row.due_at <= now, base=base) for row in found
        ]
        digest = hashlib.sha256(json.dumps(table).encode()).hexdigest()
        if not await is_news(tx, digest):
            return False
        late = sum(row["clock"] == "missed" for row in table)
        paused = sum(row.clock.state is ClockState.PAUSED for row in found)
        await acreate_table_artifact(
            key=KEY,
            table=table,
            description=f"What breaches next, as of {now:%Y-%m-%d %H:%M UTC}: "
            f"{len(table) - late - paused} to come, {late} missed and still open, {paused} standing still. "
            "Each promise in full: `liaison sla INC-7`, `liaison sla ZD-4711`.",
        )
    return True


def _shown(row: BoardRow, *, is_late: bool, base: str) -> dict[str, str]:
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
        "link": _link(row, base),
    }


def _link(row: BoardRow, base: str) -> str:
    """To the ticket where it is one, else to the incident's story."""
    if row.ticket is not None:
        return f"[open]({row.ticket_url})" if row.ticket_url and _WEB.fullmatch(row.ticket_url) else ""
    return f"[open]({base}/artifacts/key/{row.incident.lower()})" if row.incident and base else ""


def _cell(text: str) -> str:
    """Text as text in a table's cell, where one UI makes links of Markdown's and the other shows what there is."""
    return text.replace("](", "] (")
