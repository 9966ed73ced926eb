"""What there is to learn: each kind with its labels, and where its history may drift. How, `learners` says."""

from __future__ import annotations

from dataclasses import dataclass

from incidents.errors import NotFound
from incidents.policy.insights import BREACH_LABEL, InsightKind, InsightMode
from incidents.policy.policy import Policy
from insights.breach.promises import PROMISES
from insights.routing.ticket_frame import (
    FIELDS,
    TEXT,
    TIME,
)

SIMILAR_LABEL = "incident"

OF_AN_INCIDENT = 50
"""Tickets of one incident that are learnt from, the first ones: a storm's thousandth says nothing new, and with all of
them there would be little else to learn from.
"""


@dataclass(frozen=True, slots=True)
class Subject:
    """A model's kind and the label it learns."""

    kind: InsightKind
    label: str

    @property
    def title(self) -> str:
        """`routing service`; where a kind has one label, its own name."""
        return f"{self.kind} {self.label}" if self.kind is InsightKind.ROUTING else self.kind.value

    @property
    def key(self) -> str:
        """For artifacts and reports: `routing-service`."""
        return self.title.replace(" ", "-")


SUBJECTS = (
    Subject(InsightKind.ROUTING, "service"),
    Subject(InsightKind.ROUTING, "severity"),
    Subject(InsightKind.ROUTING, "group"),
    Subject(InsightKind.BREACH, BREACH_LABEL),
    Subject(InsightKind.SIMILAR, SIMILAR_LABEL),
)


def subjects_of(kind: InsightKind) -> tuple[Subject, ...]:
    return tuple(subject for subject in SUBJECTS if subject.kind is kind)


def subject_of(kind: str, label: str) -> Subject:
    """Raises `NotFound` that says what there is."""
    for subject in SUBJECTS:
        if (subject.kind.value, subject.label) == (kind, label):
            return subject
    there = ", ".join(f"{subject.kind} {subject.label}" for subject in SUBJECTS)
    raise NotFound(f"nothing is learnt about {kind[:40]!r} {label[:40]!r}; there are {there}")


def mode_of(kind: InsightKind, policy: Policy) -> InsightMode:
    """How far the policy lets it go."""
    modes = {
        InsightKind.ROUTING: policy.insights.routing.mode,
        InsightKind.SIMILAR: policy.insights.similar.mode,
        InsightKind.SURGE: policy.insights.surge.mode,
        InsightKind.BREACH: policy.insights.breach.mode,
    }
    return modes[kind]


@dataclass(frozen=True, kw_only=True, slots=True)
class Watched:
    """The columns in which a history may drift: when a row is from, what is read as text, and what else."""

    time: str
    label: str
    text: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


def watched(subject: Subject) -> Watched:
    if subject.kind is InsightKind.BREACH:
        return Watched(
            time=PROMISES.known_at,
            label=PROMISES.label,
            columns=("metric", "tier", "product", "channel", "service", "team", "state", "target_hours"),
        )
    if subject.kind is InsightKind.SIMILAR:
        return Watched(time=TIME, label="repeats", text=("subject",))
    return Watched(time=TIME, label=subject.label, text=TEXT, columns=FIELDS)
