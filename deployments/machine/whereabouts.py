"""Where what runs on a data folder is reached, written down by whoever started it.

A port that is taken is replaced by a free one, so that whoever comes later cannot know it by heart.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from deployments.machine.process_table import ProcessTable, living

FILE = "whereabouts.json"
SUPERVISOR = "supervisor"
"""The name of whoever started the rest, in the table of processes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Whereabouts:
    """`prefect_api_url` has the path /api, `gateway_url` none; `policy` is the file that all of it goes by."""

    prefect_api_url: str
    gateway_url: str
    policy: str


def note_whereabouts(home: Path, found: Whereabouts) -> None:
    """Write it down, in place of what was there."""
    draft = home / f"{FILE}.new"
    draft.write_text(json.dumps(asdict(found), indent=1))
    draft.replace(home / FILE)


def forget_whereabouts(home: Path) -> None:
    """Nothing runs there any more."""
    (home / FILE).unlink(missing_ok=True)


def is_supervised(home: Path) -> bool:
    """Whether something that was started on this folder runs."""
    rows = ProcessTable(home / "processes.json").read()
    return any(row.name == SUPERVISOR and living(row) is not None for row in rows)


def whereabouts(home: Path) -> Whereabouts | None:
    """Where it is reached; None where nothing runs, or an earlier version started it."""
    file = home / FILE
    if not file.is_file() or not is_supervised(home):
        return None
    try:
        return Whereabouts(**json.loads(file.read_text()))
    except (ValueError, TypeError):  # another version's
        return None
