"""Commands as data: a class a verb, with what it needs to be carried out. Which incident it names, `Typed` says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta

from incidents.approval import ApprovalSubject
from incidents.commands.verbs import Verb
from incidents.models import Severity


@dataclass(frozen=True, kw_only=True, slots=True)
class Help:
    """`about` is None for all of it."""

    about: Verb | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """How it stands."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Escalate:
    """Page the team now. `service` is None where the incident says it, `severity` where it stays. `is_next` wakes the
    next one of the ladder where the team is paged already; `mark` is the rung that a button was made for, "" for
    whichever is next."""

    service: str | None = None
    severity: Severity | None = None
    is_next: bool = False
    mark: str = ""
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkTo:
    """Join a ticket to the incident that is named; `ticket` is None for the one that it is said on."""

    ticket: str | None = None
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class TakeOut:
    """Take a ticket out of its incident: into another one by its number, else a new one of this service, else of the
    same. `ticket` is None for the one that it is said on."""

    ticket: str | None = None
    into: int | None = None
    service: str | None = None
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class MergeInto:
    """`named` are the one that ends and the one that goes on; the latter alone where the first is known."""

    named: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class HandTo:
    """Who is accountable from now on, and what they should know."""

    to: str
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PromiseBy:
    """When customers hear from us next: by this clock time, in this zone or the policy's; or after so long."""

    at: time | None = None
    zone: str | None = None
    after: timedelta | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Update:
    """What customers who wait shall read, in these words."""

    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """Something for all colleagues."""

    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Acknowledge:
    """Who says so has it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolve:
    """It is fixed, they say."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NotUs:
    """Who was woken hands it back; `service` is whose it is, if they know."""

    service: str | None = None
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """Run an action that is on offer, by its name."""

    action: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """Yes or no to what is asked; `subject` is None for whatever is."""

    is_yes: bool
    subject: ApprovalSubject | None = None
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Close:
    """A person's word that it is over."""

    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NotAnIncident:
    """A false alarm."""

    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mistake:
    """Not a command. `said` is for whoever wrote it; `nearest` a valid command that they may have meant."""

    said: str
    nearest: str | None = None


Command = (
    Help
    | Status
    | Escalate
    | LinkTo
    | TakeOut
    | MergeInto
    | HandTo
    | PromiseBy
    | Update
    | Note
    | Acknowledge
    | Resolve
    | NotUs
    | Run
    | Rule
    | Close
    | NotAnIncident
)
