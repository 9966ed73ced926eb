"""The ways to people: any service that Apprise knows, by the addresses of the block.

https://github.com/caronc/apprise/wiki
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from functools import partial

from pydantic import SecretStr

from connectors.kit.pacing import Pace
from connectors.roster.answering import mailing
from incidents.errors import NotAllowed


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

    async def mail_addresses(self, way: str) -> Sequence[str]:
        """To whom this way sends mail; empty for one that is no mail, or is not in the block."""
        address = self._ways.get(way)
        if address is None:
            return ()
        return await asyncio.to_thread(mailing.addresses_of, address.get_secret_value())

    async def send(
        self,
        way: str,
        title: str,
        text: str,
        reply_to: mailing.ReplyTo | None = None,
        but: Collection[str] = (),
    ) -> None:
        """`reply_to` is for a way that sends mail, and so are the hashed addresses that it has reached before (`but`).

        Raises `NotAllowed` for a way that is not in the block, `Unreachable` where the service did not take it
        (`NotEverybody`: not for all), and `NoAnswerInTime` where it may have taken it: whom it has reached by then is
        known, and nobody further is mailed."""
        address = self._ways.get(way)
        if address is None:
            raise NotAllowed(f"the block has no way {way!r}; add it under ways, or correct the policy")
        under_way = mailing.Sending(but)
        send_it = partial(mailing.notify, address.get_secret_value(), title, text, reply_to, under_way)
        try:
            async with asyncio.timeout(self._timeout):
                sent = await asyncio.to_thread(send_it)
        except TimeoutError as error:
            told = f"{way} did not answer within {self._timeout:g} s"
            raise mailing.NoAnswerInTime(told, under_way.end()) from error
        mailing.require_everybody(way, sent)
