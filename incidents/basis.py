"""What a decision goes by besides its case: the policy in force and the moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from incidents.policy.policy import Policy


@dataclass(frozen=True, slots=True)
class Basis:
    """One version of the policy and one moment (UTC). Whatever is decided together goes by the same ones."""

    policy: Policy
    now: datetime
