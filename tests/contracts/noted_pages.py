"""What every `NotedPages` must keep: all that was written on a page, whose it is, and the same as webhooks tell.

class TestPagerDutyShowsNotes(NotedPagesContract):
    @pytest.fixture
    def rig(self) -> NotedRig: ...     # the connector on its fake, and how to write and listen behind its back
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from incidents.events import PageChange, PageEvent
from incidents.models import Page, Severity
from incidents.ports import NotedPages, Pager

KEY = "inc-42/page/1"
PAGE = Page(summary="Checkout fails", source="checkout", severity=Severity.CRITICAL)


@dataclass(frozen=True, kw_only=True)
class NotedRig:
    """`pager` is the connector. `write` writes on the newest page as a person, `told` has the webhooks of notes."""

    pager: Pager
    write: Callable[[str], object]
    told: Callable[[], Awaitable[Sequence[PageEvent]]]


class NotedPagesContract:
    async def test_all_notes_are_shown_and_whose_they_are(self, rig: NotedRig) -> None:
        """Ours without their mark, people's as they wrote them, the oldest first."""
        assert isinstance(rig.pager, NotedPages)
        await rig.pager.page(PAGE, once=KEY)
        rig.write("a lock in the database")
        await rig.pager.add_note(KEY, "12 customers wait", once="note")
        notes = await rig.pager.notes(KEY)
        assert [(note.text, note.by_us) for note in notes] == [
            ("a lock in the database", False),
            ("12 customers wait", True),
        ]
        assert {(note.change, note.key) for note in notes} == {(PageChange.NOTED, KEY)}
        assert len({note.note_id for note in notes} - {""}) == 2

    async def test_a_note_is_the_same_as_its_webhook_tells(self, rig: NotedRig) -> None:
        """Else it would be passed on once for the webhook and once for the look."""
        assert isinstance(rig.pager, NotedPages)
        await rig.pager.page(PAGE, once=KEY)
        rig.write("a lock in the database")
        (shown,) = await rig.pager.notes(KEY)
        (told,) = await rig.told()
        for note in (shown, told):
            assert (note.connection, note.page_id, note.note_id) == (
                shown.connection,
                shown.page_id,
                shown.note_id,
            )
        assert told.text == shown.text

    async def test_a_page_that_never_was_has_none(self, rig: NotedRig) -> None:
        assert isinstance(rig.pager, NotedPages)
        assert list(await rig.pager.notes("inc-43/page/1")) == []
