"""Read-back: what a server holds decides, and a read that failed proves nothing."""

from __future__ import annotations

import pytest

from connectors.kit.read_back import read_back
from incidents.errors import Busy, LiaisonError, NotAllowed, NotFound, Refused, Unknown, Unreachable


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
