"""A figure as it is printed: one line of JSON."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass


@dataclass(frozen=True, kw_only=True)
class Result:
    """`ratio` is the value divided by that of `against`, both measured in the same run on this machine."""

    name: str
    value: float
    unit: str
    ratio: float | None
    against: str
    n: int

    def __str__(self) -> str:
        return json.dumps(asdict(self))


def progress(line: str) -> None:
    """Tell whoever waits, with the machine's load: figures taken beside other work mean little."""
    print(f"[load {os.getloadavg()[0]:.1f}] {line}", file=sys.stderr, flush=True)
