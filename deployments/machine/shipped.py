"""Files of the project's top that we need: beside the code in a checkout, or where a wheel has put them."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from incidents.errors import LiaisonError


class NotShipped(LiaisonError):
    """An installation that lacks a file of its own."""


def shipped(name: str) -> Path:
    """Where the file of this name is. Raises `NotShipped`."""
    beside = Path(__file__).parents[2] / name
    if beside.exists():
        return beside
    try:
        installed = [Path(str(one.locate())) for one in files("liaison") or () if one.name == name]
    except PackageNotFoundError:
        installed = []
    found = next((file for file in installed if file.exists()), None)
    if found is None:
        raise NotShipped(
            f"this installation of Liaison has no {name}: install it anew, or run it from a checkout"
        )
    return found
