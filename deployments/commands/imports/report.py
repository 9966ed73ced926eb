"""What every importer does with what it made: a report for people, and a file that was not there."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from incidents.errors import Refused
from incidents.imports.report import Fate, Imported

_STYLES = {Fate.TAKEN: "green", Fate.DIFFERS: "yellow", Fate.LEFT: "red"}


def require_new(*paths: Path | None) -> None:
    """Raises `Refused` if one of them is there: before the first of several files is written."""
    for path in paths:
        if path is not None and (path.exists() or path.is_symlink()):
            raise Refused(f"{path} is there already; choose another name, or move it away")


def save_new(text: str, path: Path) -> None:
    """Write a file that was not there. Raises `Refused` if it is, or cannot be written: nothing is overwritten."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise Refused(f"{path} is there already; choose another name, or move it away") from error
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}") from error


def print_report(console: Console, imported: Imported) -> None:
    """A line for each thing, then how many there were of each sort."""
    for line in imported.lines:
        console.print(f"{line.fate:<8}", style=_STYLES[line.fate], end="  ", markup=False)
        console.print(line.text, markup=False, highlight=False, soft_wrap=True)
    counts = ", ".join(f"{imported.count(fate)} {fate}" for fate in Fate)
    console.print(f"{counts}. Read it before you use what was made.", markup=False)
