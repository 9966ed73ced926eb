"""Which incident the work in hand is about: its lines in the log carry the name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_incident: ContextVar[str | None] = ContextVar("incident", default=None)


@contextmanager
def about(incident: str | None) -> Iterator[None]:
    """What is done inside, and started there, is about this incident, `INC-42`; None: about none."""
    token = _incident.set(incident)
    try:
        yield
    finally:
        _incident.reset(token)


def current_incident() -> str | None:
    """What was given to `about`."""
    return _incident.get()
