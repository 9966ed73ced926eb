"""Following the engineers' tools: what pagers and chat rooms said, decided incident by incident."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from incidents.case import Case, Plan
from incidents.decisions.chat_answers import about_none, answer
from incidents.decisions.chat_rights import CheckedCommand, refuse_command
from incidents.decisions.commands.chat import chat_command
from incidents.decisions.rooms import room_news
from incidents.decisions.sync import PageNews, page_news
from incidents.effects import Effect
from incidents.events import RoomEvent
from incidents.process.commands import incident_of, sort_out
from incidents.process.deciding import decide
from incidents.process.echoes import newly_noted
from incidents.step import Step
from incidents.store.cases import incident_bound_to, unsettled_incidents
from incidents.store.ledger.effects import plan_effects
from incidents.store.merging.handing import lock_in_order


async def follow_and_obey(
    step: Step, pages: Sequence[PageNews], commands: Iterable[CheckedCommand], rooms: Iterable[RoomEvent]
) -> tuple[int | None, ...]:
    """Follow pages and rooms and obey commands; returns the incidents that may have something to do now, None among
    them if somebody is to be answered about no incident.

    Pages and rooms of no incident of ours are nobody's news.
    """
    answers: list[Effect] = []
    decisions: dict[int, list[Callable[[Case], Plan]]] = {}
    # First: whoever merges takes turns with those who join tickets, and must hold no incident before.
    sorted_out, others = await sort_out(step, commands)
    answers += sorted_out.answers
    for told, news in zip(pages, await newly_noted(step, pages), strict=True):
        incident_id = await incident_bound_to(step.connection, told.events[0].connection, "page", news.key)
        # A page that is gone, of which nothing is told but what was heard before, is no page that never was.
        if incident_id is not None and (news.events or news.state is not None):
            decisions.setdefault(incident_id, []).append(_followed(step, news))
    for checked in others:
        command = checked.command
        incident_id = await incident_of(step.connection, command, step.policy)
        if incident_id is None:
            text = about_none(command, await unsettled_incidents(step.connection))
            answers.append(answer(command, text, instance=step.instance))
            continue
        asked = (
            partial(chat_command, command=command, basis=step.basis)
            if checked.refusal is None
            else partial(refuse_command, checked=checked, instance=step.instance)
        )
        decisions.setdefault(incident_id, []).append(asked)
    for room in rooms:
        incident_id = await incident_bound_to(step.connection, room.connection, "room", room.room_id)
        if incident_id is not None:
            decisions.setdefault(incident_id, []).append(partial(room_news, event=room, basis=step.basis))
    # All of them before the first is decided on, also those that they were merged into since they were looked up.
    goes_on = await lock_in_order(step.connection, decisions)
    for incident_id in sorted(decisions):
        plans = await _decide_all(step, goes_on[incident_id], decisions[incident_id])
        answers += [effect for plan in plans for effect in plan.effects if effect.incident_id is None]
    await plan_effects(step.connection, answers)
    return (*sorted_out.incidents, *decisions, *([None] if answers else []))


async def follow_pages(step: Step, incident_id: int, pages: Sequence[PageNews]) -> None:
    """Follow pages of an incident as they stand, whatever was said of them."""
    fresh = zip(pages, await newly_noted(step, pages), strict=True)
    # One that was looked at for its notes alone, all of them heard before, is no page that never was.
    told = [news for asked, news in fresh if news.events or news.state is not None or not asked.events]
    goes_on = await lock_in_order(step.connection, [incident_id])
    await _decide_all(step, goes_on[incident_id], [_followed(step, news) for news in told])


def _followed(step: Step, news: PageNews) -> Callable[[Case], Plan]:
    return partial(page_news, news=news, basis=step.basis)


async def _decide_all(
    step: Step, incident_id: int, decisions: Sequence[Callable[[Case], Plan]]
) -> Sequence[Plan]:
    return [await decide(step, incident_id, decision) for decision in decisions]
