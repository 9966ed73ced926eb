"""Read-back: the proof of a write to a server that can answer success and change nothing.

RT answers 200 for a status it does not know, Redmine 204 for one that its workflow forbids and for a private note that
it stores as public, Roundup 200 to both of two simultaneous changes of which one is lost. So what the server holds
afterwards decides, and never its answer to the write.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from incidents.errors import Busy, LiaisonError, NotFound, Refused, Unknown

Seen = TypeVar("Seen")


async def read_back(
    read: Callable[[], Awaitable[Seen]], shows: Callable[[Seen], bool], *, what: str, cure: str = ""
) -> Seen:
    """What is read after a write that was answered with success, if it shows what was written.

    Raises `Refused` if it does not, and `NotFound` if the object is no more. A read that fails proves nothing, and what
    it follows may have been done: it raises `Unknown`, whatever ailed the read. `what` names the write for people, and
    `cure` what to look at when the server does not do it.
    """
    try:
        seen = await read()
    except (NotFound, Unknown):
        raise
    except LiaisonError as error:
        wait = f"; come again after {error.retry_after:g} s" if isinstance(error, Busy) else ""
        raise Unknown(f"{what}: answered with success, but could not be read back: {error}{wait}") from error
    if not shows(seen):
        raise Refused(f"{what}: answered with success, and nothing changed{f'; {cure}' if cure else ''}")
    return seen


async def require_there(is_there: Callable[[], Awaitable[bool]], *, what: str, on: str) -> None:
    """For words that a server took, and whose lists may show them late: they are not sent again for that.

    Raises `Unknown` if they do not show (yet), if what they were written `on` is no more, and if it cannot be read; a
    `Refused` of `is_there`, such as `Exposed`, as it comes. `what` names the words for people.
    """
    try:
        shows = await is_there()
    except NotFound as error:
        raise Unknown(f"{what}: the {on} went after it was changed: {error}") from error
    except (Refused, Unknown):
        raise
    except LiaisonError as error:
        raise Unknown(f"{what}: taken, but could not be read back: {error}") from error
    if not shows:
        raise Unknown(f"{what}: taken, and not shown yet")
