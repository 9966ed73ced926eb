"""Changes one by one: an outcome for each, nothing done is forgotten, and one ticket's trouble is no other one's."""

from __future__ import annotations

import pytest

from connectors.kit.one_by_one import one_by_one
from incidents.errors import Busy, LiaisonError, NotAllowed, NotFound, Refused, Unknown, Unreachable
from incidents.models import ChangeOutcome, TicketOutcome

D, R, G, U, L = (
    ChangeOutcome.DONE,
    ChangeOutcome.REFUSED,
    ChangeOutcome.GONE,
    ChangeOutcome.UNKNOWN,
    ChangeOutcome.LATER,
)


@pytest.mark.parametrize(
    ("ends", "outcomes"),
    [
        ([None, None], [D, D]),
        ([Refused("no"), None], [R, D]),
        ([NotFound("404"), None], [G, D]),
        ([None, Unknown("reset"), None], [D, U, D]),
        ([None, Unreachable("away"), None], [D, L, L]),
        ([None, Busy("429", retry_after=5), None], [D, L, L]),
        ([Refused("no"), NotAllowed("401"), None], [R, L, L]),
    ],
)
async def test_each_has_its_outcome(ends: list[LiaisonError | None], outcomes: list[ChangeOutcome]) -> None:
    """What concerns one ticket is its outcome; what concerns the server ends the round."""
    ids = [str(number) for number in range(len(ends))]
    assert [one.outcome for one in await one_by_one(ids, _ending(ends))] == outcomes


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        ([Unreachable("away"), None], Unreachable),
        ([Unknown("reset"), Unknown("reset")], Unknown),
        ([Unknown("reset"), Busy("429", retry_after=5)], Unknown),
        ([NotAllowed("401")], NotAllowed),
    ],
)
async def test_nothing_done_at_all_is_an_error(
    ends: list[LiaisonError | None], told: type[LiaisonError]
) -> None:
    """That something may have been done outweighs that something surely was not."""
    with pytest.raises(told):
        await one_by_one([str(number) for number in range(len(ends))], _ending(ends))


async def test_twice_the_same_is_changed_once() -> None:
    """And no tickets are no calls."""
    asked: list[str] = []

    async def change(ticket: str) -> TicketOutcome:
        asked.append(ticket)
        return TicketOutcome(id=ticket, outcome=D)

    assert [one.id for one in await one_by_one(["1", "2", "1"], change)] == ["1", "2", "1"]
    assert asked == ["1", "2"]
    assert await one_by_one([], change) == []


def _ending(ends: list[LiaisonError | None]):  # type: ignore[no-untyped-def]
    async def change(ticket: str) -> TicketOutcome:
        error = ends[int(ticket)]
        if error is not None:
            raise error
        return TicketOutcome(id=ticket, outcome=D)

    return change
