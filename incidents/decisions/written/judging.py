"""What came in, what we wrote, whose field it is: an echo, a change to accept, or one that is refused.

Fields are of two sorts. A *state* (a ticket's status) has one value, and what counts is the last one: the value that
we wrote is our echo until somebody else was seen to have changed it since, and a value from before our write is old.
*Words* (notes, replies) are added and never change: those that we wrote are our echo whenever they come, all others are
news. docs/sync.md has both for people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from incidents.effects import StatusChange, Written
from incidents.models import Ticket, TicketStatus

A_SECOND = timedelta(seconds=2)
"""Vendors tell whole seconds, and their clocks are not quite ours."""
AT_ONCE = timedelta(minutes=1)
"""What a vendor says that we did so near a write of ours is that write. What else was done in our name meanwhile, by a
rule of the vendor's, is found when the object is next read."""


class Judgement(StrEnum):
    """What becomes of something that came in. `refused`: it is a change, and the field is not its maker's to change."""

    ECHO = "echo"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class FieldOwner(StrEnum):
    """Whose word counts: the tool's where the field lives, ours, or that of whoever spoke last."""

    THE_TOOL = "the_tool"
    LIAISON = "liaison"
    THE_NEWER = "the_newer"


@dataclass(frozen=True, kw_only=True, slots=True)
class Incoming:
    """The value of a field as a vendor tells it, or as we knew it before.

    `hash` is its `value_hash`. It was made at `at`, by the vendor's clock; `version` is the object's order there then,
    None where it is not known. `by_us`: the vendor says that we made it.
    """

    hash: str
    at: datetime
    version: int | None = None
    by_us: bool = False


def judge_state(
    incoming: Incoming, known: Incoming | None, written: Sequence[Written], owner: FieldOwner
) -> Judgement:
    """The value that a field has now. `known` is the last one that we knew of, `written` are our writes of it."""
    if not written:
        return Judgement.ACCEPTED
    ours = max(written, key=lambda write: write.at)
    if incoming.hash == ours.hash:
        is_anothers = known is not None and known.hash != ours.hash and _is_after(known, ours)
        return _by_owner(owner, incoming, ours) if is_anothers else Judgement.ECHO
    if ours.until is not None and _is_before(incoming, ours):
        return Judgement.ECHO
    return _by_owner(owner, incoming, ours)


def is_overtaken(
    wanted: StatusChange, there: Ticket, owner: FieldOwner, *, customer_told_at: datetime | None
) -> bool:
    """Whether somebody has set another status since it was decided to set this one, and theirs, the newer, stands.

    `there` is the ticket just before the call. What its status was when it was decided goes along with the decision;
    of a change that we had not heard of by then nobody knows which is the newer, and a person's counts as that. An open
    ticket says nothing: at some helpdesks our own message has opened it just before. Nor does one that waits for the
    customer since the message that they had of us at `customer_told_at`: many helpdesks set that after any reply, and
    who did it they do not tell with the ticket.
    """
    if owner is not FieldOwner.THE_NEWER or wanted.instead_of is None:
        return False
    if there.status in (wanted.instead_of, wanted.status, TicketStatus.OPEN):
        return False
    return there.status is not TicketStatus.WAITING_FOR_CUSTOMER or not _is_just_after(
        there.updated_at, customer_told_at
    )


def judge_words(
    incoming: Incoming, written: Sequence[Written], *, strangers_in_our_name: Judgement = Judgement.ECHO
) -> Judgement:
    """Words that were added. `strangers_in_our_name` is what those are that the vendor says are ours and that no write
    of ours explains: a colleague who uses our account wrote them, or a version of ours that kept no record."""
    if any(incoming.hash == write.hash for write in written):
        return Judgement.ECHO
    return strangers_in_our_name if incoming.by_us else Judgement.ACCEPTED


def is_our_doing(at: datetime, written: Sequence[Written], *, now: datetime) -> bool:
    """Whether something that the vendor says we did at that time, without saying what, is a write of ours. One of which
    nobody knows whether it was done (it may wait for a person for days) was done when it went out, if ever."""
    return any(
        write.at - AT_ONCE <= at <= (write.until or (now if write.is_sending else write.at)) + AT_ONCE
        for write in written
    )


def _by_owner(owner: FieldOwner, incoming: Incoming, ours: Written) -> Judgement:
    if owner is FieldOwner.THE_TOOL:
        return Judgement.ACCEPTED
    if owner is FieldOwner.LIAISON:
        return Judgement.REFUSED
    return Judgement.REFUSED if _is_older(incoming, ours) else Judgement.ACCEPTED


def _is_just_after(at: datetime, ours: datetime | None) -> bool:
    return ours is not None and ours - A_SECOND <= at <= ours + AT_ONCE


def _is_older(incoming: Incoming, ours: Written) -> bool:
    """Whether a change came before our write. Nobody can order two of one version, nor two of one second where a vendor
    tells whole ones: then a person's counts as the newer, as they may have seen ours."""
    if incoming.version is not None and ours.version is not None:
        return incoming.version < ours.version
    return incoming.at < ours.at.replace(microsecond=0)


def _is_after(known: Incoming, ours: Written) -> bool:
    if known.version is not None and ours.version is not None:
        return known.version > ours.version
    return ours.until is not None and known.at > ours.until + A_SECOND


def _is_before(incoming: Incoming, ours: Written) -> bool:
    if incoming.version is not None and ours.version is not None:
        return incoming.version < ours.version
    return incoming.at < ours.at - A_SECOND
