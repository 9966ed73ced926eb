"""What a sidebar app is told of a ticket: the board's own words, less what stands on the ticket anyway."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from incidents.basis import Basis
from incidents.board.next_steps import next_steps, question_words, with_words
from incidents.board.standing import OpenIncident
from incidents.case import Case
from incidents.commands.help import HELP
from incidents.lifecycle import UNSETTLED
from incidents.links.story_links import board_address
from incidents.models import TicketRef
from incidents.notes.context import known_facts
from incidents.notes.states import state_words
from incidents.store.board.story import SaidToCustomers
from incidents.texts.team import team_language, worded_as

TOLD_SHOWN = 3
"""Messages to customers, the newest; the board has all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownFact:
    """Something that is known: `Verdict`, and its words."""

    label: str
    value: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownStep:
    """What happens next, and when."""

    at: datetime
    what: str
    is_overdue: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownMessage:
    """What customers were told, when the first one was, and how many were, or were not."""

    text: str
    at: datetime | None
    told: int
    waiting: int
    not_told: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownQuestion:
    """What a person must say yes or no to, and the words after `approve` that mean it."""

    about: str
    answer: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownIncident:
    """An incident as an agent wants it beside the ticket. `board` is its page there, where the policy says where."""

    name: str
    title: str
    severity: int
    state: str
    since: datetime
    is_over: bool
    responder: str
    owner: str
    facts: tuple[ShownFact, ...]
    next: tuple[ShownStep, ...]
    told: tuple[ShownMessage, ...]
    promised_by: datetime | None
    questions: tuple[ShownQuestion, ...]
    board: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownCommand:
    """A command as `help` tells it."""

    verb: str
    usage: str
    does: str
    example: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownTicket:
    """A ticket and its incident, None for none. `is_heard`: a private note can be a command here. `is_posted`: also one
    that a program writes for an agent (`commands.believed`); else the agent must send the note. `language` is the
    team's, of the words here; what customers were told is in theirs."""

    connection: str
    ticket: str
    at: datetime
    language: str
    incident: ShownIncident | None
    is_heard: bool
    is_posted: bool
    commands: tuple[ShownCommand, ...]


def shown_ticket(ref: TicketRef, incident: ShownIncident | None, basis: Basis) -> ShownTicket:
    """All of the answer."""
    rules = basis.policy.commands
    is_heard = rules.hears(ref.connection)
    return ShownTicket(
        connection=ref.connection,
        ticket=ref.id,
        at=basis.now,
        language=team_language(),
        incident=incident,
        is_heard=is_heard,
        is_posted=is_heard and ref.connection in rules.believed,
        commands=tuple(
            ShownCommand(
                verb=one.verb.value,
                usage=worded_as(one.usage),
                does=worded_as(one.does),
                example=worded_as(one.example),
            )
            for one in HELP
        ),
    )


def shown_incident(
    standing: OpenIncident, case: Case, said: Sequence[SaidToCustomers], basis: Basis
) -> ShownIncident:
    """What the incident's page on the board says, in short."""
    incident = standing.incident
    return ShownIncident(
        name=incident.name,
        title=incident.title,
        severity=int(incident.severity),
        state=state_words(incident.state),
        since=incident.state_since,
        is_over=incident.state not in UNSETTLED,
        responder=with_words(standing),
        owner=incident.owner or "",
        facts=tuple(ShownFact(label=label, value=value) for label, value in known_facts(case, basis)),
        next=tuple(
            ShownStep(at=step.at, what=step.what, is_overdue=step.is_overdue(basis.now))
            for step in next_steps(standing)
        ),
        told=tuple(
            ShownMessage(text=one.text, at=one.at, told=one.told, waiting=one.waiting, not_told=one.not_told)
            for one in said[:TOLD_SHOWN]
        ),
        promised_by=standing.promised_by,
        questions=tuple(
            ShownQuestion(
                about=question_words(one), answer=" ".join(filter(None, (str(one.subject), one.which)))
            )
            for one in standing.questions
        ),
        board=board_address(incident.name, basis.policy.links),
    )
