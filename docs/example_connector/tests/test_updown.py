"""The contract of a probe, as Liaison's own connectors keep it."""

from __future__ import annotations

from pathlib import Path

import pytest
from liaison_updown.connector import UpDown
from liaison_updown.settings import UpDownSettings

from tests.contracts.impact_probe import ImpactProbeContract


class Scene:
    def __init__(self, folder: Path) -> None:
        self._file = folder / "checkout.txt"

    def healthy(self) -> None:
        self._file.write_text("up\n")

    def failing(self) -> None:
        self._file.write_text("down\n")

    def blind(self) -> None:
        self._file.write_text("<html>Please log in</html>")


class TestUpDown(ImpactProbeContract):
    @pytest.fixture
    def probe(self, tmp_path: Path) -> UpDown:
        return UpDown("updown/shop", UpDownSettings(folder=tmp_path))

    @pytest.fixture
    def scene(self, tmp_path: Path) -> Scene:
        return Scene(tmp_path)
