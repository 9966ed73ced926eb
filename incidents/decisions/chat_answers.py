"""Answers to what is asked outside of an incident's room, or about an incident that never was."""

from __future__ import annotations

from collections.abc import Sequence

from incidents.case import Case
from incidents.commands.help import help_about, which
from incidents.commands.parsing import Ground, read
from incidents.commands.typed import Typed
from incidents.commands.verbs import Verb
from incidents.commands.words import Help, Mistake
from incidents.decisions.telling import digest
from incidents.effects import ChatAnswer, Effect, EffectKind
from incidents.events import ChatCommand
from incidents.lifecycle import UNSETTLED
from incidents.models import Incident, IncidentState
from incidents.notes.notes import held_words, tickets_counted, verdict_words
from incidents.notes.states import state_words
from incidents.texts.team import worded
from incidents.texts.times import clock

_SHOWN = 10


def status_words(case: Case) -> str:
    """How the incident stands, in one line, for whoever asks in chat."""
    incident = case.incident
    due = incident.next_update_at if incident.state in UNSETTLED else None
    told = worded("; customers hear next by {time}", time=clock(due)) if due is not None else ""
    since = worded(" since {time}", time=clock(incident.state_since))
    tickets = tickets_counted(len(case.tickets))
    return f"{_line(incident, since=since)}; {tickets}; {verdict_words(incident.verdict)}{told}."


def open_words(incidents: Sequence[Incident]) -> str:
    """The open incidents, the worst first, a line each."""
    if not incidents:
        return worded("No incident is open.")
    more = len(incidents) - _SHOWN
    lines = [_line(incident) for incident in incidents[:_SHOWN]]
    return "\n".join(
        [worded("Open incidents:"), *lines, *([worded("and {more} more", more=more)] if more > 0 else [])]
    )


def about_none(command: ChatCommand, incidents: Sequence[Incident]) -> str:
    """For a command that is about no incident we know: which there are, or what can be said. `incidents` are open."""
    if command.incident is not None:
        return worded(
            "There is no {incident}. {open}",
            incident=command.incident,
            open=open_words(incidents),
        )
    if command.verb is Verb.STATUS:
        return open_words(incidents)
    if command.verb is Verb.HELP:
        asked = read(Typed(verb=command.verb, text=command.text), Ground())
        return (
            asked.said
            if isinstance(asked, Mistake)
            else help_about(asked.about if isinstance(asked, Help) else None)
        )
    return worded(
        "Which incident? This is no incident's room. {which} {open}",
        which=which(),
        open=open_words(incidents),
    )


def answer(command: ChatCommand, text: str, *, instance: str, is_private: bool = False) -> Effect:
    """An answer where the command was given, once."""
    said = (command.verb, command.incident or "", command.text)
    mark = digest(command.connection, command.room_id, command.user, command.at.isoformat(), *said)
    key = f"liaison:{instance}:answer:{mark}"
    return Effect(
        key=key,
        once=key,
        kind=EffectKind.CHAT_ANSWER,
        incident_id=None,
        connection=command.connection,
        target=command.room_id,
        payload=ChatAnswer(text=text, user_id=command.user_id, is_private=is_private),
    )


def _line(incident: Incident, *, since: str = "") -> str:
    nobody = worded(", nobody has taken it yet") if incident.state is IncidentState.ESCALATED else ""
    who = worded(", {responder} is on it", responder=incident.responder) if incident.responder else nobody
    owner = worded(", accountable: {owner}", owner=incident.owner) if incident.owner else ""
    state = f"{state_words(incident.state)}{since}{held_words(incident)}"
    return f"{incident.name} {incident.title}: {state}{who}{owner}"
