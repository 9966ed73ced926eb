"""What names a surge for ever: what its reports have in common, and the minute in which it began."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

SOURCE = "surge"
_FACT = re.compile(r"(\w+)=(.*?)(?= \w+=|\Z)", re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class SurgeName:
    """As a string: `surge service=checkout tier=gold 2026-11-22T14:30`, in UTC. `group` has its dimensions' values."""

    group: tuple[tuple[str, str], ...]
    since: datetime

    @classmethod
    def read(cls, name: str) -> SurgeName:
        """The name back from its string. Raises `ValueError` for a string that is none."""
        said, _, since = name.removeprefix(f"{SOURCE} ").rpartition(" ")
        return cls(group=tuple(_FACT.findall(said)), since=datetime.fromisoformat(f"{since}+00:00"))

    @property
    def words(self) -> str:
        """What its reports have in common: `service=checkout tier=gold`."""
        return " ".join(f"{dimension}={value}" for dimension, value in self.group)

    def __str__(self) -> str:
        return f"{SOURCE} {self.words} {self.since:%Y-%m-%dT%H:%M}"
