"""Who may do what by a private note: what makes a note a command at all, and whether its author may do that."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from incidents.commands.verbs import Verb
from incidents.decisions.chat_rights import ACTING
from incidents.models import Author, Comment, Origin
from incidents.policy.policy import ChatRights, CommandRules
from incidents.texts.team import sentence, worded, worded_as

APPROVING = frozenset({Verb.APPROVE, Verb.DENY, Verb.RUN})
"""What needs more than to be an agent."""


class NoteStanding(StrEnum):
    """What becomes of a comment that begins like a command."""

    NOTHING = "nothing"
    """A customer's, our own, or a program's: no command and no mistake."""
    PUBLIC = "public"
    """An agent's, which customers can read."""
    UNPROVEN = "unproven"
    """In an agent's name, and nobody vouches that the agent wrote it."""
    COMMAND = "command"


@dataclass(frozen=True, kw_only=True, slots=True)
class NoteAuthor:
    """Who wrote a note, as the helpdesk knows them."""

    name: str
    id: str = ""


def standing_of_note(comment: Comment, connection: str, rules: CommandRules) -> NoteStanding:
    """Only a private note that an agent wrote who was logged in is a command."""
    if not rules.in_notes or comment.author is not Author.AGENT or comment.origin is not Origin.PERSON:
        return NoteStanding.NOTHING
    if comment.is_public:
        return NoteStanding.PUBLIC
    is_believed = comment.is_signed_in is None and connection in rules.believed
    return NoteStanding.COMMAND if comment.is_signed_in or is_believed else NoteStanding.UNPROVEN


_WHY_NOT = {
    NoteStanding.PUBLIC: (
        sentence(
            "Not done: that was a public reply, which your customer can read. Write the command as a "
            "private note."
        )
    ),
    NoteStanding.UNPROVEN: (
        sentence(
            "Not done: the helpdesk does not say that an agent who was logged in wrote this note (it "
            "may have come by mail, which anybody can write in your name). Write it in the helpdesk "
            "itself; if you did, somebody must name this helpdesk in Liaison's policy, "
            "commands.believed."
        )
    ),
}


def why_not(standing: NoteStanding) -> str:
    """What an agent reads whose comment looked like a command and is none. Raises `KeyError` for any other standing."""
    return worded_as(_WHY_NOT[standing])


def refusal_of(verb: Verb, author: NoteAuthor, rules: CommandRules, chat: ChatRights) -> str | None:
    """Why its author may not do that; None if they may. To ask, and to note something, is every agent's."""
    if verb in APPROVING and _is_among(author, rules.approvers):
        return None
    if verb in ACTING and rules.who == "people" and not _is_among(author, rules.people):
        return worded("`{verb}` is for the people named in Liaison's policy (commands.people)", verb=verb)
    if verb in APPROVING and chat.may_act != "anyone":
        return worded(
            "`{verb}` by a note is for those named in Liaison's policy (commands.approvers). Say it "
            "in the incident's room, or by Prefect's form",
            verb=verb,
        )
    return None


def _is_among(author: NoteAuthor, named: list[str]) -> bool:
    known = {one.casefold() for one in (author.name, author.id) if one}
    return any(one.casefold() in known for one in named)
