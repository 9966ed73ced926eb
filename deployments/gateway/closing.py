"""Hanging up so that the answer arrives.

A socket that is closed while the other side still writes answers it with a reset, and a reset overtakes what was
written before: a proxy between us and the sender tells 502 instead of our 413. So whoever still writes is told that
nothing more will come from us, is read to his end, and only then closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class AnswerTransport(asyncio.Transport):
    """What one answer is written to: `close` asks `is_read()` first, and what is written too late goes nowhere.

    After `close`, whoever owns the connection closes it as soon as `is_read()`, within limits of its own.
    """

    def __init__(self, connection: asyncio.Transport, *, is_read: Callable[[], bool]) -> None:
        super().__init__()
        self._connection = connection
        self._is_read = is_read
        self._ended = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Write, unless the sender is gone: uvicorn goes on with what it began, and uvloop raises at that."""
        if not self._connection.is_closing() and not self._ended:
            self._connection.write(data)

    def close(self) -> None:
        """Close at once, or end our side and leave the rest to the owner."""
        if self._connection.is_closing() or self._ended:
            return
        if self._is_read():
            self._connection.close()
        else:
            self._ended = True
            end_our_side(self._connection)

    def is_closing(self) -> bool:
        """Whether nothing more can be written."""
        return self._ended or self._connection.is_closing()


def end_our_side(connection: asyncio.Transport) -> None:
    """Nothing more will be written; what comes is still read."""
    try:
        connection.write_eof()
    except OSError:  # the sender is gone, and asyncio has not told us yet
        connection.abort()
