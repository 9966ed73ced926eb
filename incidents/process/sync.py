"""Following the engineers' tools: what pagers and chat rooms said, decided incident by incident."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from incidents.case import Case, Plan
from incidents.decisions.sync import PageNews, chat_command, page_news
from incidents.errors import NotFound
from incidents.events import ChatCommand
from incidents.process.deciding import decide
from incidents.step import Step
from incidents.store.cases import incident_bound_to, incident_number


async def follow_and_obey(
    step: Step, pages: Sequence[PageNews], commands: Iterable[ChatCommand]
) -> tuple[int, ...]:
    """Follow pages and obey commands; returns the incidents that may have something to do now.

    What belongs to no incident of ours is nobody's news.
    """
    decisions: dict[int, list[Callable[[Case], Plan]]] = {}
    for news in pages:
        incident_id = await incident_bound_to(step.connection, news.events[0].connection, "page", news.key)
        if incident_id is not None:
            decisions.setdefault(incident_id, []).append(_followed(step, news))
    for command in commands:
        incident_id = await _incident_of(step, command)
        if incident_id is not None:
            asked = partial(chat_command, command=command, basis=step.basis)
            decisions.setdefault(incident_id, []).append(asked)
    # In the order of the incidents, as everybody locks them: two drains must not wait for each other.
    for incident_id in sorted(decisions):
        await _decide_all(step, incident_id, decisions[incident_id])
    return tuple(decisions)


async def follow_pages(step: Step, incident_id: int, pages: Sequence[PageNews]) -> None:
    """Follow pages of an incident as they stand, whatever was said of them."""
    await _decide_all(step, incident_id, [_followed(step, news) for news in pages])


def _followed(step: Step, news: PageNews) -> Callable[[Case], Plan]:
    return partial(page_news, news=news, basis=step.basis)


async def _decide_all(step: Step, incident_id: int, decisions: Sequence[Callable[[Case], Plan]]) -> None:
    for decision in decisions:
        try:
            await decide(step, incident_id, decision)
        except NotFound:
            return  # somebody named an incident that never was


async def _incident_of(step: Step, command: ChatCommand) -> int | None:
    """The incident a command names, else the one whose room it was said in."""
    if command.incident is None:
        return await incident_bound_to(step.connection, command.connection, "room", command.room_id)
    try:
        return incident_number(command.incident)
    except NotFound:
        return None
