"""Commands in private notes, as they are heard: each is obeyed once, or refused, and answered where it was written.

In the transaction that hears the note, so that it is heard and obeyed, or neither; a command that fails undoes itself
alone, and stops no ticket.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from incidents.case import Entry, EntryKind
from incidents.commands.asked import Asked
from incidents.commands.notes import command_in, first_command, more_commands
from incidents.commands.parsing import Ground, parse
from incidents.commands.words import Mistake, TakeOut
from incidents.decisions.commands.rights import (
    NoteAuthor,
    NoteStanding,
    refusal_of,
    standing_of_note,
    why_not,
)
from incidents.decisions.telling import digest
from incidents.effects import ticket_note
from incidents.errors import LiaisonError, StoreFault
from incidents.models import Comment, TicketRef
from incidents.process.obeying.carrying_out import carry_out
from incidents.process.obeying.done import Done
from incidents.step import Step
from incidents.store.cases import incident_number
from incidents.store.ledger.effects import plan_effects
from incidents.store.tickets import known_tickets
from incidents.store.timeline import append_entries
from incidents.texts.messages import internal
from incidents.texts.team import sentence, worded, worded_as

_AT_ONCE = 20
"""Commands of one chunk that are obeyed; whoever writes more is no person."""
_TOO_MANY = sentence("Not done: too many commands were written at once. Write it again.")


@dataclass(frozen=True, kw_only=True, slots=True)
class ObeyedNotes:
    """The incidents that may have something to send now; and whether somebody is to be answered."""

    incidents: tuple[int, ...] = ()
    has_answers: bool = False


async def obey_notes(step: Step, heard: Mapping[TicketRef, Sequence[Comment]]) -> ObeyedNotes:
    """Obey what is a command among comments that were heard for the first time, in the order of their times."""
    found = [
        (ref, comment, words, standing)
        for ref, comments in heard.items()
        for comment in comments
        if (words := command_in(comment.text)) is not None
        and (standing := standing_of_note(comment, ref.connection, step.policy.commands))
        is not NoteStanding.NOTHING
    ]
    found.sort(key=lambda one: one[1].at)
    incidents: list[int] = []
    has_answers = False
    places = _AT_ONCE
    for ref, comment, words, standing in found:
        if standing is not NoteStanding.COMMAND:
            done = Done(said=why_not(standing))
        elif places:
            places -= 1
            done = await _obeyed(step, ref, comment, words)
        else:
            done = Done(said=worded_as(_TOO_MANY))
        here = await _answer(step, ref, comment, done.said)
        incidents += [*done.incidents, *([] if here is None else [here])]
        has_answers = has_answers or here is None
    return ObeyedNotes(incidents=tuple(dict.fromkeys(incidents)), has_answers=has_answers)


async def _obeyed(step: Step, ref: TicketRef, comment: Comment, words: str) -> Done:
    ground = Ground(is_on_ticket=True, services=list(step.policy.services))
    typed, command = parse(first_command(words), ground)
    if isinstance(command, Mistake):
        return Done(said=command.said)
    author = NoteAuthor(name=comment.author_name, id=comment.author_id)
    here = await _incident_of(step, ref)
    # On a ticket, the incident that `split` names is where it goes.
    named = (
        None if typed.incident is None or isinstance(command, TakeOut) else incident_number(typed.incident)
    )
    asked = Asked(
        verb=typed.verb,
        command=command,
        by=author.name or worded("an agent"),
        at=comment.at,
        where=worded("in a note on #{ticket}", ticket=ref.id),
        mark=digest(str(ref), comment.id or comment.at.isoformat()),
        incident=here if named is None else named,
        ticket=ref,
    )
    refusal = refusal_of(typed.verb, author, step.policy.commands, step.policy.chat)
    if refusal is not None:
        await _refused(step, asked, refusal, here)
        return Done(said=worded("Not done: {refusal}.", refusal=refusal))
    done = await _carried_out(step, asked)
    more = worded(" One command a note: the others were not read.") if more_commands(words) else ""
    return Done(said=f"{done.said}{more}", incidents=done.incidents, escalated=done.escalated)


async def _carried_out(step: Step, asked: Asked) -> Done:
    try:
        async with step.connection.begin_nested():
            return await carry_out(step, asked)
    except (StoreFault, SQLAlchemyError):
        raise
    except LiaisonError as error:
        return Done(said=worded("Not done: {error}.", error=error))
    except Exception:  # whatever is wrong with one command, tickets are not to wait for it
        logging.getLogger(__name__).exception("a command in a note could not be carried out")
        return Done(
            said=worded(
                "Not done: `{verb}` failed by a fault of Liaison's, which is in its log. Do it by hand.",
                verb=asked.verb,
            )
        )


async def _refused(step: Step, asked: Asked, refusal: str, here: int | None) -> None:
    if here is not None:
        entry = Entry(
            kind=EntryKind.COMMAND_REFUSED,
            text=worded(
                "Did not {verb} {where}: {refusal}", verb=asked.verb, where=asked.where, refusal=refusal
            ),
            actor=asked.by,
        )
        await append_entries(step, here, [entry])


async def _answer(step: Step, ref: TicketRef, comment: Comment, said: str) -> int | None:
    """On the ticket, once, and after what the command itself has noted there; returns the incident that it is of."""
    here = await _incident_of(step, ref)
    once = f"liaison:{step.instance}:answer:{digest(str(ref), comment.id or comment.at.isoformat())}"
    await plan_effects(step.connection, [ticket_note(here, ref, once, internal(said))])
    return here


async def _incident_of(step: Step, ref: TicketRef) -> int | None:
    known = (await known_tickets(step.connection, [ref])).get(ref)
    return None if known is None else known.incident_id
