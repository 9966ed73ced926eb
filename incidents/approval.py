"""What a person must allow before it happens: asked, decided once, or expired."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from incidents.models import Incident
from incidents.texts.team import Sentence, sentence, worded, worded_as

_GENERATION = "#g"
_SAID_GENERATION = re.compile(rf"{_GENERATION}([0-9]{{1,9}})(?:[\s,:]+|$)")


class ApprovalSubject(StrEnum):
    """What is asked for; the word that people say."""

    STATUS_PAGE = "status-page"
    AFFECTED = "affected-customers"
    ACTION = "action"
    MAJOR = "major-incident"


class ApprovalState(StrEnum):
    """How the question stands. Kept in the store: a member is never renamed, only migrated."""

    ASKED = "asked"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"


@dataclass(frozen=True, kw_only=True, slots=True)
class Approval:
    """One question about an incident, asked once in a generation. One decision wins.

    `which` is the action's name; "" for a subject of which there is one. `decided_in` says where it was decided, `why`
    what the person said with it; "" while it is not.
    """

    incident: int
    generation: int
    subject: ApprovalSubject
    state: ApprovalState
    asked_at: datetime
    expires_at: datetime
    which: str = ""
    decided_at: datetime | None = None
    decided_by: str = ""
    decided_in: str = ""
    why: str = ""

    @classmethod
    def asked(
        cls,
        incident: Incident,
        subject: ApprovalSubject,
        *,
        which: str = "",
        now: datetime,
        expires_after: timedelta,
    ) -> Approval:
        """A question that is put now, in the incident's generation."""
        return cls(
            incident=incident.id,
            generation=incident.generation,
            subject=subject,
            which=which,
            state=ApprovalState.ASKED,
            asked_at=now,
            expires_at=now + expires_after,
        )

    @property
    def mark(self) -> tuple[int, ApprovalSubject, str]:
        """What tells it from the incident's other questions."""
        return self.generation, self.subject, self.which

    @property
    def named(self) -> str:
        """What people say to name it: `status-page`, `action Fail over`."""
        return f"{self.subject} {self.which}".rstrip()

    @property
    def on_button(self) -> str:
        """The same for a button, which outlives its question: with the generation it was asked in."""
        return f"{self.named} {_GENERATION}{self.generation}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Ruling:
    """What somebody says to such a question: yes or no, who, where, and why if they say so.

    Without a `subject` it is about the one thing that is asked. `which` as in `Approval`, in capitals or not; "" will
    do where one action is asked for. `generation` is that of the question it stands under; None for what somebody says
    now.
    """

    subject: ApprovalSubject | None
    is_yes: bool
    by: str
    where: str
    why: str = ""
    which: str = ""
    generation: int | None = None


def generation_in(words: str) -> tuple[int | None, str]:
    """The generation that a button says behind the question's name, and the rest; None for a person's own words."""
    found = _SAID_GENERATION.match(words)
    return (None, words) if found is None else (int(found[1]), words[found.end() :])


@dataclass(frozen=True, kw_only=True, slots=True)
class SubjectWords:
    """A question's subject for people: `what` it is about, as something to do (`doing`), as a fact (`done`), and what
    is so without a yes: for whoever said no (`not_done`), and where nobody said anything (`nothing`)."""

    what: str
    doing: str
    done: str
    not_done: str
    nothing: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sentences:
    what: Sentence
    doing: Sentence
    done: Sentence
    not_done: Sentence
    nothing: Sentence


_WORDS = {
    ApprovalSubject.STATUS_PAGE: _Sentences(
        what=sentence("the public status page"),
        doing=sentence("telling the public on the status page"),
        done=sentence("the public status page tells of it"),
        not_done=sentence("the public status page says nothing of it"),
        nothing=sentence("nothing is published on the public status page"),
    ),
    ApprovalSubject.AFFECTED: _Sentences(
        what=sentence("customers who have not written"),
        doing=sentence("telling customers who have not written"),
        done=sentence("customers who have not written are told"),
        not_done=sentence("customers who have not written are not told"),
        nothing=sentence("no customer who has not written is told"),
    ),
    ApprovalSubject.MAJOR: _Sentences(
        what=sentence("a major incident"),
        doing=sentence("declaring a major incident"),
        done=sentence("it is a major incident"),
        not_done=sentence("it is no major incident"),
        nothing=sentence("it is treated as any other incident"),
    ),
}


def words_for(subject: ApprovalSubject, which: str = "") -> SubjectWords:
    """How people are told of it."""
    found = _WORDS.get(subject)
    if found is not None:
        return SubjectWords(
            what=worded_as(found.what),
            doing=worded_as(found.doing),
            done=worded_as(found.done),
            not_done=worded_as(found.not_done),
            nothing=worded_as(found.nothing),
        )
    action = worded("the action '{action}'", action=which) if which else worded("an action")
    not_started = worded("{action} is not started", action=action)
    return SubjectWords(
        what=action,
        doing=worded("starting {action}", action=action),
        done=worded("{action} is started", action=action),
        not_done=not_started,
        nothing=not_started,
    )
