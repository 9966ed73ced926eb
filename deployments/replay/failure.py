"""Why a replay cannot be played."""

from __future__ import annotations

from incidents.errors import LiaisonError


class ReplayError(LiaisonError):
    """The log, the options or the other side make a replay impossible. The message has the cure."""
