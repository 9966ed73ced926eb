"""One step of the process: what is decided and written in one transaction, by one policy, at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.basis import Basis
from incidents.policy.policy import Policy


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A transaction with all that those in it go by. Made once, at its beginning, and handed on; valid until its end.

    `instance` is this installation's short id; `run_id` the Prefect flow run that does it, for the timeline, if any.
    """

    connection: AsyncConnection
    basis: Basis
    instance: str
    run_id: str | None = None

    @property
    def policy(self) -> Policy:
        """The policy that everything in the step goes by."""
        return self.basis.policy

    @property
    def now(self) -> datetime:
        """The moment that everything in the step goes by, with its zone."""
        return self.basis.now
