"""Who may act from chat: a page must not be silenced by whoever is in the workspace."""

from __future__ import annotations

from dataclasses import dataclass

from incidents.case import Case, Entry, EntryKind, Plan
from incidents.commands.verbs import Verb
from incidents.decisions.chat_answers import answer
from incidents.events import ChatCommand
from incidents.policy.policy import ChatRights
from incidents.texts.team import sentence, worded, worded_as

ACTING = frozenset(Verb) - {Verb.STATUS, Verb.NOTE, Verb.HELP}
"""What needs a right; to ask, and to note something, does not."""

_DONE = {
    Verb.ACKNOWLEDGE: sentence("acknowledge"),
    Verb.RESOLVE: sentence("resolve"),
    Verb.NOT_US: sentence("hand back the page of"),
    Verb.RUN: sentence("run an action for"),
    Verb.OWNER: sentence("hand over"),
    Verb.CLOSE: sentence("close"),
    Verb.MERGE: sentence("merge"),
    Verb.SPLIT: sentence("split a ticket off"),
    Verb.ESCALATE: sentence("escalate"),
    Verb.LINK: sentence("link a ticket to"),
    Verb.PROMISE: sentence("promise an update of"),
    Verb.UPDATE: sentence("tell customers of"),
    Verb.NOT_AN_INCIDENT: sentence("call off"),
    Verb.APPROVE: sentence("approve what is asked for"),
    Verb.DENY: sentence("deny what is asked for"),
}
_WHO = {
    "room": sentence("members of the incident's room"),
    "group": sentence("members of its user group"),
    "users": sentence("the people named in Liaison's policy"),
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
    hint = worded("; join it first") if chat.may_act == "room" else ""
    if other:
        who = (
            worded("members of {other}'s room", other=other)
            if chat.may_act == "room"
            else worded_as(_WHO[chat.may_act])
        )
        return worded(
            "that changes {other}, too, and only {who} may do that{hint}", other=other, who=who, hint=hint
        )
    return worded(
        "only {who} may {act} it{hint}",
        who=worded_as(_WHO[chat.may_act]),
        act=worded_as(_DONE[command.verb]),
        hint=hint,
    )


def unchecked(command: ChatCommand, error: Exception) -> str:
    """The same where it cannot be known who may."""
    return worded(
        "who may {act} it could not be looked up ({error})", act=worded_as(_DONE[command.verb]), error=error
    )


def refuse_command(case: Case, checked: CheckedCommand, *, instance: str) -> Plan:
    """Tell who asked, nobody else; and write it down."""
    command, verb = checked.command, worded_as(_DONE[checked.command.verb])
    no = answer(
        command,
        worded(
            "Sorry, I did not {act} {incident}: {refusal}.",
            act=verb,
            incident=case.incident.name,
            refusal=checked.refusal,
        ),
        instance=instance,
        is_private=True,
    )
    entry = Entry(
        kind=EntryKind.COMMAND_REFUSED,
        text=worded("Did not {act} in chat: {refusal}", act=verb, refusal=checked.refusal),
        actor=command.user,
    )
    return Plan(incident=case.incident, effects=(no,), entries=(entry,))
