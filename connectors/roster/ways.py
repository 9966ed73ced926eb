"""The ways to people: any service that Apprise knows, by the addresses of the block.

https://github.com/caronc/apprise/wiki
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import apprise
from pydantic import SecretStr

from connectors.kit.pacing import Pace
from incidents.errors import NotAllowed, Unknown, Unreachable


class Ways:
    """Sends a text by a way. Apprise works in threads of its own and tells a failure only by its answer.

    `pace` is for whoever takes notices to send them: `send` itself does not wait.
    """

    def __init__(self, ways: Mapping[str, SecretStr], *, per_minute: float, timeout: float) -> None:
        self._ways = dict(ways)
        self.pace = Pace(per_minute, 60.0)
        self._timeout = timeout

    @property
    def names(self) -> frozenset[str]:
        """Those there are."""
        return frozenset(self._ways)

    async def send(self, way: str, title: str, text: str) -> None:
        """Raises `NotAllowed` for a way that is not in the block, `Unreachable` where the service did not take it, and
        `Unknown` where it did not answer in time and may have taken it."""
        address = self._ways.get(way)
        if address is None:
            raise NotAllowed(f"the block has no way {way!r}; add it under ways, or correct the policy")
        try:
            async with asyncio.timeout(self._timeout):
                is_sent = await asyncio.to_thread(_notify, address.get_secret_value(), title, text)
        except TimeoutError as error:
            raise Unknown(f"{way} did not answer within {self._timeout:g} s") from error
        if not is_sent:
            raise Unreachable(f"{way} did not take it; the lines of apprise in the log say why")


def _notify(address: str, title: str, text: str) -> bool:
    sender = apprise.Apprise()
    if not sender.add(address):
        return False
    # A bool in Apprise 1, None where nothing was sent; an object in Apprise 2, which is never `is True` or `is False`.
    return bool(sender.notify(body=text, title=title, body_format=apprise.NotifyFormat.TEXT))
