"""The policy that the demo plays by: the small one that stories go by as well, and what is shown besides."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

POLICY = Path(__file__).with_name("policy.yaml")
_SHOWN = Path(__file__).with_name("shown.yaml")


def write_played_policy(folder: Path) -> Path:
    """Both, as a file in this folder."""
    file = folder / "liaison.yaml"
    file.write_text(yaml.safe_dump(merged(_read(POLICY), _read(_SHOWN))), encoding="utf-8")
    return file


def write_with_links(policy: Path, file: Path, *, prefect_ui: str, gateway: str, reader: str) -> None:
    """The policy with these addresses in it, so that notes, pages and rooms lead to the board and to stories; who has
    the demo's link to the board may answer there."""
    changes = {"links": {"prefect_ui": prefect_ui, "gateway": gateway}, "board": {"may_act": [reader]}}
    file.write_text(yaml.safe_dump(merged(_read(policy), changes)), encoding="utf-8")


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The base with these keys changed, however deep."""
    found = dict(base)
    for key, value in changes.items():
        deeper = isinstance(value, Mapping) and isinstance(found.get(key), Mapping)
        found[key] = merged(found[key], value) if deeper else value
    return found


def _read(path: Path) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return read
