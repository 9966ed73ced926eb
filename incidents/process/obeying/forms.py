"""Commands by a form: who may start flows may say all of it, and the result of the run is the answer."""

from __future__ import annotations

from incidents.commands.asked import Asked
from incidents.commands.parsing import Ground, parse
from incidents.commands.words import Mistake, TakeOut
from incidents.decisions.telling import digest
from incidents.errors import Refused
from incidents.process.obeying.carrying_out import carry_out
from incidents.process.obeying.done import Done
from incidents.process.obeying.linking import ticket_called
from incidents.step import Step
from incidents.store.cases import incident_number
from incidents.texts.team import sentence, worded, worded_as

_BY_FORM = sentence("by form")


async def obey_form(step: Step, words: str, *, by: str, ticket: str = "") -> Done:
    """Do it, or say why not: then nothing was changed. `ticket` is the one that it is said about, if any."""
    try:
        known = await ticket_called(step, ticket) if ticket.strip() else None
    except Refused as error:
        return Done(said=worded("Not done: {error}.", error=error))
    ground = Ground(is_on_ticket=known is not None, services=list(step.policy.services))
    typed, command = parse(words.strip().removeprefix("/liaison"), ground)
    if isinstance(command, Mistake):
        return Done(said=command.said)
    here = None if known is None else known.incident_id
    is_target = known is not None and isinstance(command, TakeOut)
    named = None if typed.incident is None or is_target else incident_number(typed.incident)
    asked = Asked(
        verb=typed.verb,
        command=command,
        by=by,
        at=step.now,
        where=worded_as(_BY_FORM),
        mark=digest(by, words, step.now.isoformat()),
        incident=here if named is None else named,
        ticket=None if known is None else known.ticket.ref,
    )
    try:
        async with step.connection.begin_nested():
            return await carry_out(step, asked)
    except Refused as error:
        return Done(said=worded("Not done: {error}.", error=error))
