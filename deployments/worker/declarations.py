"""What our own prefect.yaml declares: the deployments of this version."""

from __future__ import annotations

from pathlib import Path

from deployments.machine.shipped import shipped
from flows.declaration import Declaration, read_declarations

PREFECT_YAML = shipped("prefect.yaml")


def declarations(file: Path = PREFECT_YAML) -> list[Declaration]:
    """The deployments that the file declares. Raises `ValidationError` naming the key that is not understood."""
    return read_declarations(file.read_text())
