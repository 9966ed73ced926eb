"""The ways to people: any service that Apprise knows, by the addresses of the block.

https://github.com/caronc/apprise/wiki
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence

import apprise
from apprise.plugins.email import NotifyEmail
from pydantic import SecretStr

from connectors.kit.pacing import Pace
from connectors.roster.answering.mailing import MailSent, ReplyTo, addresses_of, send_mail
from incidents.errors import NotAllowed, Unknown, Unreachable


class NotEverybody(Unreachable):
    """A mail that some of its recipients did not get. `reached` are those who did, by their hashed addresses."""

    def __init__(self, what: str, reached: tuple[str, ...]) -> None:
        super().__init__(what)
        self.reached = reached


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
        return await asyncio.to_thread(addresses_of, address.get_secret_value())

    async def send(
        self,
        way: str,
        title: str,
        text: str,
        reply_to: ReplyTo | None = None,
        *,
        but: Collection[str] = (),
    ) -> None:
        """`reply_to` is for a way that sends mail, and so are the hashed addresses that it has reached before (`but`).

        Raises `NotAllowed` for a way that is not in the block, `Unreachable` where the service did not take it
        (`NotEverybody`: not for all), and `Unknown` where it did not answer in time and may have taken it."""
        address = self._ways.get(way)
        if address is None:
            raise NotAllowed(f"the block has no way {way!r}; add it under ways, or correct the policy")
        try:
            async with asyncio.timeout(self._timeout):
                sent = await asyncio.to_thread(
                    _notify, address.get_secret_value(), title, text, reply_to, but
                )
        except TimeoutError as error:
            raise Unknown(f"{way} did not answer within {self._timeout:g} s") from error
        if sent.is_everybody:
            return
        why = "the lines of apprise in the log say why"
        if sent.reached:
            raise NotEverybody(f"{way} did not take it for all of its recipients; {why}", sent.reached)
        raise Unreachable(f"{way} did not take it; {why}")


def _notify(address: str, title: str, text: str, reply_to: ReplyTo | None, but: Collection[str]) -> MailSent:
    service = apprise.Apprise.instantiate(address)
    if isinstance(service, NotifyEmail):
        return send_mail(service, reply_to, lambda mail: _sent(mail, title, text), but=but)
    return MailSent(reached=(), is_everybody=service is not None and _sent(service, title, text))


def _sent(service: apprise.NotifyBase, title: str, text: str) -> bool:
    sender = apprise.Apprise()
    sender.add(service)
    # A bool in Apprise 1, None where nothing was sent; an object in Apprise 2, which is never `is True` or `is False`.
    return bool(sender.notify(body=text, title=title, body_format=apprise.NotifyFormat.TEXT))
