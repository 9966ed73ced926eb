"""What a backtest cannot go on with."""

from __future__ import annotations

from incidents.errors import LiaisonError


class BacktestError(LiaisonError):
    """The message names the file, the line or column, and the cure."""
