"""What a drill writes to accounts, noted before it is written: so it can be cleaned up whatever ends the drill.

No secret is in it: connections are named, and read again when they are needed.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from deployments.drill.accounts.plan import DrillMarks
from deployments.drill.accounts.sandbox_file import SandboxFile
from incidents.errors import LiaisonError

FOLDER = "drills"


class JournalError(LiaisonError):
    """A drill's journal cannot be read."""


class DrillJournal(BaseModel):
    """`tickets` has the subjects of those that were asked for, with the id where one was answered; `pages` the keys of
    pages that went out or might have."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    tag: str = Field(pattern=r"^liaison-drill-[0-9a-f]{6}$")
    story: str
    accounts: SandboxFile
    began: datetime
    tickets: dict[str, str] = Field(default_factory=dict)
    pages: list[str] = Field(default_factory=list)
    scratch: Path = Field(description="Folder of the installation that it is played on.")

    @classmethod
    def begun(
        cls, home: Path, marks: DrillMarks, story: str, *, accounts: SandboxFile, scratch: Path
    ) -> Self:
        """A new one, on disk already."""
        journal = cls(tag=marks.tag, story=story, accounts=accounts, scratch=scratch, began=datetime.now(UTC))
        journal.keep(home)
        return journal

    def keep(self, home: Path) -> None:
        """Write it down, in place of what was there; for certain when this returns."""
        folder = home / FOLDER
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = folder / f"{self.tag}.new"
        with draft.open("w", encoding="utf-8") as file:
            file.write(self.model_dump_json(indent=1))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(folder / f"{self.tag}.json")

    def drop(self, home: Path) -> None:
        """All of it is cleaned up; the policy that it was played by goes, too."""
        for ending in ("json", "yaml"):
            (home / FOLDER / f"{self.tag}.{ending}").unlink(missing_ok=True)


def left_over(home: Path) -> list[DrillJournal]:
    """Those of drills that were not cleaned up, the oldest first. Raises `JournalError`."""
    found = [_read(path) for path in (home / FOLDER).glob("liaison-drill-*.json")]
    return sorted(found, key=lambda one: one.began)


def _read(path: Path) -> DrillJournal:
    try:
        return DrillJournal.model_validate_json(path.read_bytes())
    except (ValidationError, OSError) as error:
        raise JournalError(
            f"{path} is no journal of a drill: look at what it names, and remove it"
        ) from error
