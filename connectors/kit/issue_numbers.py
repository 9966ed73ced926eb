"""The numbers by which trackers name issues within a project."""

from __future__ import annotations

import re

from connectors.kit.fields import whole

_KEY = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)


def key_from(value: object) -> str | None:
    """An issue's number as text, or None for what cannot be one; keys go into paths."""
    words = str(value) if whole(value) is not None else value
    return words if isinstance(words, str) and _KEY.fullmatch(words) else None
