"""Who lets others go first at a vendor whose limit they share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_stands_back: ContextVar[bool] = ContextVar("stands_back", default=False)


@contextmanager
def standing_back() -> Iterator[None]:
    """Calls of vendors made within, and in tasks begun within, let those go first that are made elsewhere.

    For telling tickets what is new, and for reading again what is most likely known: thousands of such calls must not
    keep an account's limit from the reading of the ticket that nobody knows yet.
    """
    token = _stands_back.set(True)
    try:
        yield
    finally:
        _stands_back.reset(token)


def stands_back() -> bool:
    """Whether a call that is made here is within `standing_back`."""
    return _stands_back.get()
