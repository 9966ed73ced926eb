"""Read-back: what a server holds decides, and a read that failed proves nothing."""

from __future__ import annotations

import pytest

from connectors.kit.read_back import read_back, require_there
from incidents.errors import Busy, Exposed, LiaisonError, NotAllowed, NotFound, Refused, Unknown, Unreachable


async def test_what_shows_is_returned() -> None:
    """The caller goes on with what was read, not with what it wished."""

    async def read() -> str:
        return "open, and more"

    assert await read_back(read, lambda seen: "open" in seen, what="a write") == "open, and more"


async def test_success_that_changed_nothing_is_refused() -> None:
    """The error names the write and the cure."""

    async def read() -> str:
        return "new"

    with pytest.raises(
        Refused, match="issue 1 to open: answered with success, and nothing changed; look there"
    ):
        await read_back(read, lambda seen: seen == "open", what="issue 1 to open", cure="look there")


@pytest.mark.parametrize(
    ("failed", "told"),
    [
        (Unreachable("no answer"), Unknown),
        (NotAllowed("401"), Unknown),
        (Refused("400"), Unknown),
        (Busy("429", retry_after=7), Unknown),
        (Unknown("reset"), Unknown),
        (NotFound("404"), NotFound),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, LiaisonError) else value.__name__,
)
async def test_a_read_that_fails_proves_nothing(failed: LiaisonError, told: type[LiaisonError]) -> None:
    """`Unreachable` would say that the write was surely not done, and it would be sent again."""

    async def read() -> str:
        raise failed

    with pytest.raises(LiaisonError) as caught:
        await read_back(read, lambda _: True, what="a write")
    assert type(caught.value) is told


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (True, None),
        (False, Unknown("the note on ticket 1: taken, and not shown yet")),
        (
            Unreachable("no answer"),
            Unknown("the note on ticket 1: taken, but could not be read back: no answer"),
        ),
        (NotFound("404"), Unknown("the note on ticket 1: the ticket went after it was changed: 404")),
        (Unknown("reset"), Unknown("reset")),
        (Exposed("everybody reads it"), Exposed("everybody reads it")),
    ],
    ids=repr,
)
async def test_words_that_were_taken(found: bool | LiaisonError, told: LiaisonError | None) -> None:
    """A list that does not show them (yet) does not have them sent again."""

    async def is_there() -> bool:
        if isinstance(found, LiaisonError):
            raise found
        return found

    if told is None:
        await require_there(is_there, what="the note on ticket 1", on="ticket")
        return
    with pytest.raises(LiaisonError) as caught:
        await require_there(is_there, what="the note on ticket 1", on="ticket")
    assert (type(caught.value), str(caught.value)) == (type(told), str(told))
