"""Writes a flow and all that goes with it from templates, and adds it to the files that name every flow."""

from __future__ import annotations

import keyword
import re
from pathlib import Path

TEMPLATES = Path(__file__).with_name("template")
PLACES = {
    "flow": "flows/{name}.py",
    "task": "tasks/{name}.py",
    "decision": "incidents/decisions/{name}.py",
    "decision_test": "tests/incidents/decisions/test_{name}.py",
    "story_test": "tests/stories/test_{name}.py",
}
"""Where each template becomes a file."""

_NAME = re.compile(r"[a-z][a-z0-9]+(_[a-z0-9]+)*")
_AFTER_DEPLOYMENTS = re.compile(r"\n(#[^\n]*\n)*automations:\n")
_LAST_SCHEDULE = '    "prune",\n)'
_ENTRY = """
  # Begun by `make new-flow`.
  - name: {name}
    entrypoint: flows.{name}.{name}
    description: (What it is for, in a sentence; people read it in the Prefect UI.)
    tags: [schedule]
    work_pool: *pool
    schedules: *each_hour
"""


class CannotWrite(Exception):
    """Why there is no new flow; nothing was written."""


def new_flow(root: Path, name: str) -> list[Path]:
    """Write the files, relative to `root`, and the entries in prefect.yaml and flows/prune.py. Raises `CannotWrite`."""
    if _NAME.fullmatch(name) is None or len(name) > 40 or keyword.iskeyword(name):
        raise CannotWrite(
            f"{name!r} is no name: small letters, digits and single underscores, such as long_open"
        )
    places = {template: root / place.format(name=name) for template, place in PLACES.items()}
    taken = [place for place in places.values() if place.exists() or place.with_suffix("").exists()]
    taken += [path for path in (root / "flows").rglob(f"{name}.py") if path not in taken]
    if taken:
        there = ", ".join(str(path.relative_to(root)) for path in taken)
        raise CannotWrite(f"the name {name!r} is taken: {there}")
    pruning = root / "flows" / "prune.py"
    pruned = pruning.read_text("utf-8")
    if pruned.count(_LAST_SCHEDULE) != 1:
        raise CannotWrite(f"flows/prune.py no longer ends its SCHEDULES with {_LAST_SCHEDULE!r}")
    declaring = root / "prefect.yaml"
    declared = declaring.read_text("utf-8")
    after = _AFTER_DEPLOYMENTS.search(declared)
    if after is None:
        raise CannotWrite("prefect.yaml no longer has its automations after its deployments")
    for template, place in places.items():
        text = (TEMPLATES / f"{template}.txt").read_text("utf-8")
        for mark, value in _words(name).items():
            text = text.replace(mark, value)
        place.write_text(text, "utf-8")
    pruning.write_text(pruned.replace(_LAST_SCHEDULE, f'    "{name}",\n{_LAST_SCHEDULE}'), "utf-8")
    entry = _ENTRY.format(name=name)
    declaring.write_text(declared[: after.start()] + entry + declared[after.start() :], "utf-8")
    return list(places.values())


def _words(name: str) -> dict[str, str]:
    words = name.replace("_", " ")
    return {"{name}": name, "{words}": words, "{title}": words.capitalize()}
