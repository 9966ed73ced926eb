"""Who may act from chat: a page must not be silenced by whoever is in the workspace."""

from __future__ import annotations

from dataclasses import dataclass

from incidents.case import Case, Entry, EntryKind, Plan
from incidents.commands.verbs import Verb
from incidents.decisions.chat_answers import answer
from incidents.events import ChatCommand
from incidents.policy.policy import ChatRights

ACTING = frozenset(Verb) - {Verb.STATUS, Verb.NOTE, Verb.HELP}
"""What needs a right; to ask, and to note something, does not."""

_DONE = {
    Verb.ACKNOWLEDGE: "acknowledge",
    Verb.RESOLVE: "resolve",
    Verb.NOT_US: "hand back the page of",
    Verb.RUN: "run an action for",
    Verb.OWNER: "hand over",
    Verb.CLOSE: "close",
    Verb.MERGE: "merge",
    Verb.SPLIT: "split a ticket off",
    Verb.ESCALATE: "escalate",
    Verb.LINK: "link a ticket to",
    Verb.PROMISE: "promise an update of",
    Verb.UPDATE: "tell customers of",
    Verb.NOT_AN_INCIDENT: "call off",
    Verb.APPROVE: "approve what is asked for",
    Verb.DENY: "deny what is asked for",
}
_WHO = {
    "room": "members of the incident's room",
    "group": "members of its user group",
    "users": "the people named in Liaison's policy",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedCommand:
    """A command, and why it may not be obeyed; None if it may. `about` are the incidents in which it was looked up that
    they may, None where nobody needs to."""

    command: ChatCommand
    refusal: str | None = None
    about: tuple[int, ...] | None = None


def needs_a_right(command: ChatCommand, chat: ChatRights) -> bool:
    """Whether it must be known who says that."""
    return command.verb in ACTING and chat.may_act != "anyone"


def refusal(
    command: ChatCommand, chat: ChatRights, allowed: frozenset[str], *, other: str = ""
) -> str | None:
    """Why the command may not be obeyed, when these may act; None if it may. `other` names an incident that would be
    changed with the one that it is about."""
    if command.user_id in allowed:
        return None
    hint = "; join it first" if chat.may_act == "room" else ""
    if other:
        who = f"members of {other}'s room" if chat.may_act == "room" else _WHO[chat.may_act]
        return f"that changes {other}, too, and only {who} may do that{hint}"
    return f"only {_WHO[chat.may_act]} may {_DONE[command.verb]} it{hint}"


def unchecked(command: ChatCommand, error: Exception) -> str:
    """The same where it cannot be known who may."""
    return f"who may {_DONE[command.verb]} it could not be looked up ({error})"


def refuse_command(case: Case, checked: CheckedCommand, *, instance: str) -> Plan:
    """Tell who asked, nobody else; and write it down."""
    command, verb = checked.command, _DONE[checked.command.verb]
    no = answer(
        command,
        f"Sorry, I did not {verb} {case.incident.name}: {checked.refusal}.",
        instance=instance,
        is_private=True,
    )
    entry = Entry(
        kind=EntryKind.COMMAND_REFUSED,
        text=f"Did not {verb} in chat: {checked.refusal}",
        actor=command.user,
    )
    return Plan(incident=case.incident, effects=(no,), entries=(entry,))
