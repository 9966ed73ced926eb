"""What is said in chat about which incident; and what is not one incident's alone (merging, linking) is done here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.commands.parsing import Ground, read
from incidents.commands.typed import Typed
from incidents.commands.verbs import Verb
from incidents.commands.words import Command, LinkTo, MergeInto, Mistake, TakeOut
from incidents.decisions.chat_answers import answer
from incidents.decisions.chat_rights import CheckedCommand
from incidents.decisions.commands.chat import asked_in_chat, meant
from incidents.effects import Effect
from incidents.errors import NotFound, Refused
from incidents.events import ChatCommand
from incidents.policy.policy import Policy
from incidents.process.obeying.carrying_out import carry_out
from incidents.process.obeying.linking import tickets_named
from incidents.step import Step
from incidents.store.cases import incident_bound_to, incident_number, read_incident
from incidents.texts.team import worded

_OF_SEVERAL = frozenset({Verb.ESCALATE, Verb.LINK, Verb.SPLIT, Verb.MERGE})


@dataclass(slots=True)
class SortedOut:
    """What came of commands about several incidents: those that have something to send now, and answers."""

    incidents: list[int] = field(default_factory=list)
    answers: list[Effect] = field(default_factory=list)


async def sort_out(
    step: Step, commands: Iterable[CheckedCommand]
) -> tuple[SortedOut, Sequence[CheckedCommand]]:
    """Do what those who may ask for that concerns more than one incident's case; whoever asked is told what came of
    it. Returns the other commands too."""
    found, others = SortedOut(), []
    for checked in commands:
        command = checked.command
        if command.verb not in _OF_SEVERAL or checked.refusal is not None:
            others.append(checked)
            continue
        wanted = meant(command, step.policy)
        said = (
            wanted.said if isinstance(wanted, Mistake) else await _carried_out(step, checked, wanted, found)
        )
        found.answers.append(answer(command, said, instance=step.instance, is_private=True))
    return found, others


async def _carried_out(step: Step, checked: CheckedCommand, wanted: Command, found: SortedOut) -> str:
    command = checked.command
    if checked.about is not None and checked.about != await concerned(step.connection, command, step.policy):
        return worded("That belongs elsewhere since you asked, so nothing was done. Say it again.")
    number = await incident_of(step.connection, command, step.policy)
    if number is None and command.incident is not None and command.verb is not Verb.MERGE:
        return worded("There is no {incident}.", incident=command.incident)
    try:
        done = await carry_out(step, asked_in_chat(command, wanted, incident=number))
    except Refused as error:
        return f"{error}."
    found.incidents += done.incidents
    return done.said


async def concerned(tx: AsyncConnection, command: ChatCommand, policy: Policy) -> tuple[int, ...]:
    """Every incident that the command would change, first the one that it is about: who may act must may in each.

    What is not there, and a ticket's number that several have, is left out: whoever carries it out refuses it.
    """
    about = await incident_of(tx, command, policy)
    if about is None:
        return ()
    wanted = meant(command, policy)
    others: list[int] = []
    match wanted:
        case LinkTo(ticket=str(name)):
            known = await tickets_named(tx, name, policy)
            others += sorted({one.incident_id for one in known if one.incident_id is not None})
        case TakeOut(into=int(into)):
            others.append(into)
        case MergeInto(named=named):
            others += named
        case _:
            pass
    found = [await _there_is(tx, number) for number in others]
    return tuple(dict.fromkeys((about, *(one for one in found if one is not None))))


async def incident_of(tx: AsyncConnection, command: ChatCommand, policy: Policy) -> int | None:
    """The incident a command names, else the one whose room it was said in, else that of the ticket that is to be split
    off; the one that it was merged into, if it was. None if there is no such one. Of two that are to be merged, the one
    that ends."""
    here = await incident_bound_to(tx, command.connection, "room", command.room_id)
    named = command.incident
    if command.verb is Verb.MERGE:
        wanted = read(Typed(verb=command.verb, incident=command.incident, text=command.text), Ground())
        named = _ends(wanted)
    if named is None:
        return here if here is not None else await _of_its_ticket(tx, command, policy)
    try:
        return await _there_is(tx, incident_number(named))
    except NotFound:
        return None


async def _there_is(tx: AsyncConnection, number: int) -> int | None:
    """It, or the one that it was merged into; None if there is no such one."""
    try:
        incident = await read_incident(tx, number)
    except NotFound:
        return None
    return incident.merged_into or incident.id


async def _of_its_ticket(tx: AsyncConnection, command: ChatCommand, policy: Policy) -> int | None:
    wanted = meant(command, policy) if command.verb is Verb.SPLIT else None
    if not isinstance(wanted, TakeOut) or wanted.ticket is None:
        return None
    known = await tickets_named(tx, wanted.ticket, policy)
    number = known[0].incident_id if len(known) == 1 else None
    return None if number is None else await _there_is(tx, number)


def _ends(wanted: Command | Mistake) -> str | None:
    is_pair = isinstance(wanted, MergeInto) and len(wanted.named) == 2
    return f"INC-{wanted.named[0]}" if is_pair and isinstance(wanted, MergeInto) else None
