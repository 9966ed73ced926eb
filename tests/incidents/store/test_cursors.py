"""How far each helpdesk was polled is remembered for each of them."""

from __future__ import annotations

from incidents.store.database import Database
from incidents.store.inbox.cursors import Cursor, mark_reached, move_cursor, read_cursor, read_place
from tests.incidents.store.examples import HELPDESK, MINUTE, NOW


async def test_a_cursor_is_where_it_was_moved_to_last(database: Database):
    """Backwards too: an operator may want an hour read again."""
    async with database.transaction() as tx:
        seen = [await read_cursor(tx, HELPDESK)]
        for since in (NOW, NOW + MINUTE, NOW - MINUTE):
            await move_cursor(tx, HELPDESK, since)
            seen.append(await read_cursor(tx, HELPDESK))
    assert seen == [None, NOW, NOW + MINUTE, NOW - MINUTE]


async def test_each_helpdesk_has_a_cursor_of_its_own(database: Database):
    async with database.transaction() as tx:
        await move_cursor(tx, HELPDESK, NOW)
        assert await read_cursor(tx, "zendesk/other") is None


async def test_a_look_under_way_keeps_its_place_beside_where_it_began(database: Database):
    """Never back: lists may begin a little before the time that was asked for. Its end takes the place away."""
    async with database.transaction() as tx:
        assert await read_place(tx, HELPDESK) is None
        for minutes in (2, 1, 3):
            reached = NOW + minutes * MINUTE
            await mark_reached(tx, HELPDESK, Cursor(since=NOW, reached=reached))
        place = await read_place(tx, HELPDESK)
        assert place == Cursor(since=NOW, reached=NOW + 3 * MINUTE)
        assert place.listed == NOW + 3 * MINUTE
        await move_cursor(tx, HELPDESK, NOW + 9 * MINUTE)
        assert await read_place(tx, HELPDESK) == Cursor(since=NOW + 9 * MINUTE)
