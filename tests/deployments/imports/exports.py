"""Exports of tools as folders of files, and who is on call by what was made of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deployments.commands.oncall import on_call
from incidents.imports.report import Fate, Imported
from incidents.imports.sections import SetupNames

NAMES = SetupNames(pager="roster/main", helpdesk="mail/support")
NOW = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)


def saved(folder: Path, files: Mapping[str, Any]) -> Path:
    """The folder with these files, JSON each; text as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_text(content if isinstance(content, str) else json.dumps(content))
    return folder


async def has_it(folder: Path, imported: Imported, rota: str, at: str) -> str:
    """Who `liaison oncall` says has the rota, by its own clock or at an instant."""
    file = folder / "imported.yaml"
    file.write_text(imported.text)
    weeks = await on_call(file, folder, at, NOW)
    return next(week for week in weeks if week.rota == rota).shifts[0].name


def told(imported: Imported, fate: Fate) -> list[str]:
    """The lines of the report with this fate."""
    return [line.text for line in imported.lines if line.fate is fate]
