"""A page in a folder of its own, upon a store, with a clock that moves when told."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.staticpage import StaticPage, StaticPageSettings
from incidents.public_incident import PublicState
from incidents.store.database import Database
from incidents.store.status_record import StoredStatusRecord
from tests.contracts.status_page import Read

NAME = "staticpage/main"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class World:
    """The folder, the clock, and pages upon them."""

    def __init__(self, database: Database, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.database = database
        self.folder = home / "status"
        self.now = NOW
        self._monkeypatch = monkeypatch

    def page(self, name: str = NAME, **settings: Any) -> StaticPage:
        given = {"folder": str(self.folder), "services": ["Checkout", "Search"]} | settings
        record = StoredStatusRecord(self.database, name)
        return StaticPage(name, StaticPageSettings(**given), record=record, clock=lambda: self.now)

    def text(self, file: str = "index.html") -> str:
        return (self.folder / file).read_text("utf-8")

    def json(self) -> Any:
        return json.loads(self.text("status.json"))

    async def read(self) -> Sequence[Read]:
        if not (self.folder / "status.json").exists():
            return []
        found = [
            Read(
                one["title"],
                tuple(one["services"]),
                tuple((PublicState(said["state"]), said["text"]) for said in one["updates"]),
            )
            for one in self.json()["incidents"]
        ]
        return found[::-1]

    def lose_reply(self) -> None:
        """The disk is full when the next file is to take its place."""
        replace = Path.replace

        def fails(source: Path, target: Path) -> Path:
            self._monkeypatch.setattr(Path, "replace", replace)
            raise OSError(28, os.strerror(28), str(source))

        self._monkeypatch.setattr(Path, "replace", fails)

    def replacing(self, seen: Callable[[Path], None]) -> None:
        """Let `seen` look each time when a file is about to take its place."""
        replace = Path.replace

        def looks(source: Path, target: Path) -> Path:
            seen(source)
            return replace(source, target)

        self._monkeypatch.setattr(Path, "replace", looks)


@pytest.fixture
def world(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(database, tmp_path, monkeypatch)


@pytest.fixture
def public(world: World) -> World:
    return world


@pytest.fixture
def status_page(world: World) -> StaticPage:
    return world.page()
