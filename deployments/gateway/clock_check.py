"""Is it our own clock? Then what fails on its time alone is not refused but asked for again.

Whoever fails on time has a sound signature (see `connectors.kit.webhooks.signatures`), so only the source itself, or a
replay of what it sent, can sway this; a stranger's forgeries do not count at all.
"""

from __future__ import annotations

from collections import defaultdict, deque

WINDOW = 10
ENOUGH = 4


class ClockCheck:
    """The last soundly signed deliveries of each connection: were they in time?"""

    def __init__(self) -> None:
        self._was_late: dict[str, deque[bool]] = defaultdict(lambda: deque(maxlen=WINDOW))

    def in_time(self, connection: str) -> None:
        """Note a soundly signed delivery that was in time."""
        self._was_late[connection].append(False)

    def late(self, connection: str) -> bool:
        """Note a delivery that failed on its time; True when more than half of the last ones did."""
        last = self._was_late[connection]
        last.append(True)
        return len(last) >= ENOUGH and sum(last) * 2 > len(last)
