"""The fake Zendesk's rate limits, counted over a sliding window.

https://developer.zendesk.com/api-reference/introduction/rate-limits
"""

from __future__ import annotations

import math
from collections import deque
from datetime import datetime


class CallWindow:
    """At most `limit` calls in any `seconds`."""

    def __init__(self, limit: int, seconds: float) -> None:
        self._limit = limit
        self._seconds = seconds
        self._times: deque[float] = deque()

    def take(self, now: datetime) -> int | None:
        """Count a call, or say after how many seconds one fits again."""
        time = now.timestamp()
        while self._times and self._times[0] <= time - self._seconds:
            self._times.popleft()
        if len(self._times) >= self._limit:
            return max(1, math.ceil(self._times[0] + self._seconds - time))
        self._times.append(time)
        return None
