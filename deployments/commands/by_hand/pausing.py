"""The kill switch for actions: on, off, and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from incidents.actions import Pause
from incidents.decisions.acting.starting import pause_words
from incidents.store.database import Database
from incidents.store.ledger.pauses import current_pause, pause_actions, resume_actions
from incidents.texts.plain_text import cut, one_line

_LONGEST_NAME, _LONGEST_REASON = 100, 300


@dataclass(frozen=True, kw_only=True)
class Switched:
    """What came of it, and whether anything is other than before."""

    said: str
    is_new: bool


async def paused(database: Database, *, by: str, why: str = "") -> Switched:
    """Nothing is started any more."""
    pause = Pause(
        since=datetime.now(UTC),
        by=cut(one_line(by), _LONGEST_NAME) or "somebody",
        why=cut(one_line(why), _LONGEST_REASON),
    )
    async with database.transaction() as tx:
        is_new = await pause_actions(tx, pause)
        standing = await current_pause(tx) or pause
    return Switched(said=f"{'' if is_new else 'Already: '}{pause_words(standing)}.", is_new=is_new)


async def resumed(database: Database, *, by: str) -> Switched:
    """Actions may be started again; what was held back is not started by itself."""
    async with database.transaction() as tx:
        is_new = await resume_actions(
            tx, by=cut(one_line(by), _LONGEST_NAME) or "somebody", now=datetime.now(UTC)
        )
    if not is_new:
        return Switched(said="Actions were not paused.", is_new=False)
    said = (
        "Actions may be started again. What was held back is not started by itself: say `run` and its name in the "
        "incident's room."
    )
    return Switched(said=said, is_new=True)


async def actions_standing(database: Database) -> str | None:
    """The pause, for `liaison check`; None where there is none."""
    async with database.transaction() as tx:
        pause = await current_pause(tx)
    return None if pause is None else pause_words(pause)
