"""What came of a command."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """`said` is for whoever asked; `incidents` may have something to send now, and `escalated` are those of them whose
    engineers were called."""

    said: str
    incidents: tuple[int, ...] = ()
    escalated: tuple[int, ...] = ()
