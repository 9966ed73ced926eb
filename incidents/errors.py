"""Every way a call to the outside world can fail, told as what to do next.

    LiaisonError
      x Refused        the request is wrong: fix it, do not repeat it
        + NotAllowed   our credentials do not reach: an operator must act, keep the work waiting
        + NotFound     the object is gone or was never there
        + Exposed      it was done, and customers could read what was for colleagues: somebody must be told
        + Forged       a webhook whose signature is proven wrong
      x Busy           later, not before `retry_after` seconds
      x Unreachable    no usable answer and surely nothing done: repeat when you like
      x Unknown        it may have been done: look it up before any repeat
      x Unrecognised   stored but not understood: park it, a later version may read it
      x Stale          somebody else was quicker: the same call again would fail again; begin anew
      x PolicyError    the policy file is wrong: says file, line, key and cure
      x IllegalMove    the lifecycle has no such move
      x StoreFault     not a vendor but our own store failed; always one of
        + StoreAway    also Unreachable: it does not answer, and nothing was written
        + StoreBusy    also Busy: the transaction was undone in favour of another one
        + StoreUnsure  also Unknown: the answer to COMMIT was lost

Messages name the vendor, the call and the status; never a secret and never a customer's words.
"""


class LiaisonError(Exception):
    """Root of everything Liaison raises on purpose."""


class Refused(LiaisonError):
    """The other side understood and said no; the same request will be refused again."""


class NotAllowed(Refused):
    """401 or 403: a token was revoked or lacks a scope. A person must act; nothing is thrown away."""


class NotFound(Refused):
    """404 or 410: the object does not exist (any more)."""


class Exposed(Refused):
    """What was for colleagues only stood where customers read it, hidden again since or not; the message says which.

    It is never sent again, and never merely logged: whoever the policy names is told.
    """


class NotShown(Refused):
    """What was for the customer was stored where they cannot read it, so nobody was told; the message says where.

    It is never sent again: whoever stored it so would do it again. A person tells the customer by hand.
    """


class Forged(Refused):
    """A webhook's signature is proven wrong on a healthy configuration.

    `reason` is a short code for logs and counters (`signature`, `timestamp`, `header`, ...).
    """

    def __init__(self, reason: str, message: str = "") -> None:
        super().__init__(message or reason)
        self.reason = reason


class Busy(LiaisonError):
    """429 or its like. `retry_after` is in seconds and already clipped to a sane range."""

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unreachable(LiaisonError):
    """No usable answer, and surely not done: refused connection, failed name, any failure of a read."""


class Unknown(LiaisonError):
    """A write whose outcome we did not see: time-out after sending, reset, 5xx, HTML for JSON."""


class Unrecognised(LiaisonError):
    """A delivery that is authentic but not understood; it is parked, visible, and can be read again."""


class Stale(LiaisonError):
    """What the caller read, or the lease he works under, is no longer what stands in the store.

    The same call with the same fence or version fails again; whoever begins anew sees what the other one did.
    """


class IllegalMove(LiaisonError):
    """The lifecycle table has no move between these two states."""


class PolicyError(LiaisonError):
    """The policy file cannot be used. The message has file, line, key and the cure."""


class StoreFault(LiaisonError):
    """Our own store failed, in the midst of whatever else was called. It says nothing about a vendor."""


class StoreAway(StoreFault, Unreachable):
    """The store does not answer, or takes no writes now; the transaction is surely not committed."""


class StoreBusy(StoreFault, Busy):
    """The store undid the transaction (deadlock, serialization failure) or had no connection for it."""

    def __init__(self, message: str, *, retry_after: float = 0.2) -> None:
        super().__init__(message, retry_after=retry_after)


class StoreUnsure(StoreFault, Unknown):
    """The connection was lost while COMMIT was under way: all of the transaction is written, or nothing."""
