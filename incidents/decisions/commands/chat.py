"""Commands from chat that concern one incident: what is not told in its room is answered where it was said."""

from __future__ import annotations

from dataclasses import replace

from incidents.basis import Basis
from incidents.case import Case, Plan
from incidents.commands.asked import Asked
from incidents.commands.parsing import Ground, read
from incidents.commands.typed import Typed
from incidents.commands.words import Command, Mistake
from incidents.decisions.chat_answers import answer
from incidents.decisions.commands.obeying import Obeyed, obey
from incidents.decisions.posts import tell_room
from incidents.decisions.rooms import is_its_room
from incidents.decisions.telling import digest
from incidents.events import ChatCommand
from incidents.policy.policy import Policy
from incidents.texts.team import sentence, worded, worded_as

_IN_CHAT = sentence("in chat")


def meant(command: ChatCommand, policy: Policy) -> Command | Mistake:
    """What the words of a chat message say."""
    typed = Typed(verb=command.verb, incident=command.incident, text=command.text)
    return read(typed, Ground(services=list(policy.services)))


def asked_in_chat(command: ChatCommand, wanted: Command, *, incident: int | None) -> Asked:
    """The command as everybody carries it out."""
    return Asked(
        verb=command.verb,
        command=wanted,
        by=command.user,
        at=command.at,
        where=worded_as(_IN_CHAT),
        mark=digest(command.user, command.at.isoformat(), command.verb, command.text),
        incident=incident,
    )


def chat_command(case: Case, command: ChatCommand, basis: Basis) -> Plan:
    """Do what somebody asked for; the on-call tool's own webhook then tells that it happened.

    Who asked elsewhere than in the incident's room is answered there.
    """
    wanted = meant(command, basis.policy)
    what = f"command:{digest(command.user, command.at.isoformat(), command.verb, command.text)}"
    if isinstance(wanted, Mistake):
        obeyed = Obeyed(plan=Plan(incident=case.incident), said=wanted.said)
    else:
        obeyed = obey(case, asked_in_chat(command, wanted, incident=case.incident.id), basis)
    plan, said = obeyed.plan, obeyed.said
    if is_its_room(case, command.connection, command.room_id):
        told = () if said is None else tell_room(case, basis.policy, what, said)
        return replace(plan, effects=(*plan.effects, *told))
    text = said or worded("{incident}: done, and told in its room.", incident=case.incident.name)
    if command.incident is not None and command.incident != case.incident.name:
        text = worded(
            "{named} was merged into {incident}. {text}",
            named=command.incident,
            incident=case.incident.name,
            text=text,
        )
    return replace(plan, effects=(*plan.effects, answer(command, text, instance=case.instance)))
