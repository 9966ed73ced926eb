"""What PostgreSQL and its driver say when they fail, as our errors: whether anything was written, and so whether
trying again is safe.

    SQLSTATE                         before COMMIT   during COMMIT
    40001 40P01 55P03                StoreBusy       StoreBusy: the server says itself that it undid all
    53200 53300                      StoreBusy       as it is
    53100 (the disk is full)         StoreAway       StoreAway: it says itself that it undid all
    08... 57P01 57P02 57P03 57P05    StoreAway       StoreUnsure
    25006 25P03                      StoreAway       StoreUnsure
    no answer, closed connection     StoreAway       StoreUnsure

Anything else is a defect of ours or the operator's to mend, and stays what it was.
https://www.postgresql.org/docs/18/errcodes-appendix.html
"""

from __future__ import annotations

from enum import Enum, auto

import asyncpg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from incidents.errors import StoreAway, StoreBusy, StoreFault, StoreUnsure

# serialization_failure, deadlock_detected, lock_not_available
_UNDONE = frozenset({"40001", "40P01", "55P03"})
# out_of_memory, too_many_connections
_OVERLOADED = frozenset({"53200", "53300"})
# admin_shutdown, crash_shutdown, cannot_connect_now, idle_session_timeout, read_only_sql_transaction (a standby,
# after a failover), idle_in_transaction_session_timeout
_FULL = "53100"
_AWAY = frozenset({"57P01", "57P02", "57P03", "57P05", "25006", "25P03"})
_CONNECTION_EXCEPTION = "08"

STORE_ERRORS = (SQLAlchemyError, asyncpg.PostgresError, OSError)
"""What a transaction can raise of its own. SQLAlchemy passes on untranslated what the driver says while it connects."""


class TransactionPhase(Enum):
    """How far a transaction had come."""

    CONNECTING = auto()
    WORKING = auto()
    COMMITTING = auto()


def store_fault(error: Exception, phase: TransactionPhase) -> StoreFault | None:
    """The fault as one of ours, or None if it is no fault of the store that may pass.

    Messages name the kind alone: the driver's own words may quote a row.
    """
    if isinstance(error, PoolTimeout):
        return StoreBusy("all connections to the store are in use")
    if isinstance(error, OSError):
        # In the midst of the work it is somebody else's: a file, a vendor.
        return None if phase is TransactionPhase.WORKING else _lost(error, phase)
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    state = str(getattr(cause, "sqlstate", None) or "")
    if (told := _told_by_the_server(state, phase)) is not None:
        return told
    is_lost = isinstance(error, DBAPIError) and error.connection_invalidated
    if is_lost or state in _AWAY or state.startswith(_CONNECTION_EXCEPTION):
        return _lost(error, phase, state)
    return None


def _told_by_the_server(state: str, phase: TransactionPhase) -> StoreFault | None:
    """What it says of a transaction that it has undone itself."""
    if state in _UNDONE:
        return StoreBusy(f"the store undid a transaction for another one's sake ({state})")
    if state in _OVERLOADED and phase is not TransactionPhase.COMMITTING:
        return StoreBusy(f"the store has no room for a transaction ({state})", retry_after=1.0)
    return StoreAway("the disk of the store is full") if state == _FULL else None


def _lost(error: Exception, phase: TransactionPhase, state: str = "") -> StoreFault:
    what = state or type(error).__name__
    if phase is TransactionPhase.COMMITTING:
        return StoreUnsure(f"the connection to the store was lost during a commit ({what})")
    return StoreAway(f"the store does not answer ({what})")
