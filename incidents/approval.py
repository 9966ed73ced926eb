"""What a person must allow before it happens: asked, decided once, or expired."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ApprovalSubject(StrEnum):
    """What is asked for; the word that people say."""

    STATUS_PAGE = "status-page"
    AFFECTED = "affected-customers"


class ApprovalState(StrEnum):
    """How the question stands. Kept in the store: a member is never renamed, only migrated."""

    ASKED = "asked"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"


@dataclass(frozen=True, kw_only=True, slots=True)
class Approval:
    """One question about an incident, asked once in a generation. One decision wins.

    `decided_in` says where it was decided, `why` what the person said with it; "" while it is not.
    """

    incident: int
    generation: int
    subject: ApprovalSubject
    state: ApprovalState
    asked_at: datetime
    expires_at: datetime
    decided_at: datetime | None = None
    decided_by: str = ""
    decided_in: str = ""
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ruling:
    """What somebody says to such a question: yes or no, who, where, and why if they say so."""

    subject: ApprovalSubject
    is_yes: bool
    by: str
    where: str
    why: str = ""
