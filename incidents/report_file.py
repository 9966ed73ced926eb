"""A file of a report, ready to be kept, sent or written into a folder."""

from __future__ import annotations

import re
from dataclasses import dataclass

PNG = "image/png"
CSV = "text/csv; charset=utf-8"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,80}\.[a-z]{2,5}")


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportFile:
    """`name` becomes part of an address and of a path: letters, digits, - and _, and an ending.

    `title` is for people: what they read on its link.
    """

    name: str
    title: str
    media_type: str
    content: bytes

    def __post_init__(self) -> None:
        if not can_be_name(self.name):
            raise ValueError(f"{self.name!r} is no name for a report's file")


def can_be_name(text: str) -> bool:
    """Whether a report's file can have this name."""
    return _NAME.fullmatch(text) is not None
