"""The campaign's table in docs/reliability.md, and what it is made of.

`seen.json` has for each row its newest figure with when, where and on which commit it was seen. A row seen in full is
not replaced by a small one.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from bench.campaign.row import Row, Size

CODE = Path(__file__).parents[2]
SEEN = Path(__file__).with_name("seen.json")
PAGE = CODE / "docs" / "reliability.md"
BEGIN, END = (
    "<!-- made by `make bench only=campaign`: begin -->",
    "<!-- made by `make bench only=campaign`: end -->",
)
HEAD = ("What was done", "Promised", "Seen", "Control, without the guard", "Size, date, commit, machine")


@dataclass(frozen=True, kw_only=True)
class SeenRow:
    """The row of a drill, and its circumstances. `load`: the machine's load average a core before the campaign."""

    drill: str
    row: Row
    date: str
    commit: str
    machine: str
    load: float


def seen_now(drill: str, row: Row, *, load: float) -> SeenRow:
    """The row with today's circumstances; `load` was looked at before it began."""
    return SeenRow(
        drill=drill,
        row=row,
        date=datetime.now(UTC).date().isoformat(),
        commit=_git("rev-parse", "--short", "HEAD") or "unknown",
        machine=f"{os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB, {platform.system()}",
        load=round(load, 1),
    )


def load_per_core() -> float:
    """Over the last minute: over about 0.5 before a campaign begins, something else was at work."""
    return os.getloadavg()[0] / (os.cpu_count() or 1)


def read_seen(file: Path = SEEN) -> Sequence[SeenRow]:
    """In the order of the table."""
    rows = json.loads(file.read_text()) if file.exists() else []
    return [
        SeenRow(**{**line, "row": Row(**{**line["row"], "size": Size(line["row"]["size"])})}) for line in rows
    ]


def remember(new: SeenRow, *, order: Sequence[str], file: Path = SEEN) -> None:
    """Put it in the place of its drill's older one, unless that was in full and this is not."""
    rows = {line.drill: line for line in read_seen(file)}
    old = rows.get(new.drill)
    if old is None or old.row.size is not Size.FULL or new.row.size is Size.FULL:
        rows[new.drill] = new
    ranks = {name: rank for rank, name in enumerate(order)}
    lines = sorted(rows.values(), key=lambda line: ranks.get(line.drill, len(ranks)))
    file.write_text(json.dumps([asdict(line) for line in lines], indent=1, ensure_ascii=False) + "\n")


def markdown(rows: Iterable[SeenRow]) -> str:
    """The table; a promise that was broken, and a control that broke nothing, stand out."""
    lines = [f"| | {' | '.join(HEAD)} |", "|---" * (len(HEAD) + 1) + "|"]
    for line in rows:
        row = line.row
        size = "full" if row.size is Size.FULL else "small; the full size was not run yet"
        busy = ", other work beside" if line.load > 0.5 else ""
        cells = (
            f"**{row.name}**",
            row.done,
            row.promised,
            row.seen if row.is_kept else f"**broken:** {row.seen}",
            row.control if row.has_control_failed else f"**proves nothing:** {row.control}",
            f"{size}; {line.date}, {line.commit}, {line.machine}{busy}",
        )
        lines.append(f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |")
    return "\n".join(lines)


def write_table(page: Path = PAGE, file: Path = SEEN) -> None:
    """Write what was seen between the page's two markers. Raises ValueError when they are not there."""
    before, begin, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(
            f"{page} has no place for the table: put {BEGIN!r} and {END!r} there, each on its own line"
        )
    page.write_text(f"{before}{BEGIN}\n\n{markdown(read_seen(file))}\n\n{END}{after}")


def _git(*words: str) -> str:
    try:
        answer = subprocess.run(["git", *words], cwd=CODE, check=False, capture_output=True, text=True)  # noqa: S607
    except OSError:  # a copy without git
        return ""
    return answer.stdout.strip()
