"""The fake Freshdesk's rate limits: credits a minute for the account, and a limit for lists of tickets beside it.

https://developers.freshdesk.com/api/#ratelimit: refused calls count, and what is embedded costs more.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

MINUTE = 60


class AccountLimits:
    """Counted by the clock's minutes."""

    def __init__(self, clock: Callable[[], datetime], calls: int, lists: int) -> None:
        self._clock = clock
        self.calls = calls
        self.lists = lists
        self._minute = -1
        self.used = 0
        self.listed = 0

    def take(self, credits: int, *, is_list: bool) -> int | None:
        """Seconds to wait where it does not fit, None where it does."""
        now = int(self._clock().timestamp())
        if now // MINUTE != self._minute:
            self._minute, self.used, self.listed = now // MINUTE, 0, 0
        self.used += credits
        self.listed += is_list
        if self.used > self.calls or (is_list and self.listed > self.lists):
            return MINUTE - now % MINUTE
        return None

    def headers(self, credits: int) -> dict[str, str]:
        """What every answer says of it."""
        return {
            "X-RateLimit-Total": str(self.calls),
            "X-RateLimit-Remaining": str(max(0, self.calls - self.used)),
            "X-RateLimit-Used-CurrentRequest": str(credits),
            "X-Freshdesk-API-Version": "latest=v2; requested=v2",
        }
