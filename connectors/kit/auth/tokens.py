"""The access token of one connection: bought when it is needed, once for all who wait, anew when it has expired."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr

from connectors.kit.auth.grants import TokenGrant, TokenRequest
from connectors.kit.auth.ways import BearerToken
from connectors.kit.fields import record, text
from incidents.errors import NotAllowed, NotFound, Refused, Unreachable

EARLY = 60.0
"""Seconds before its end at which a token counts as expired: a call takes time, and clocks differ."""

Ask = Callable[[TokenRequest], Awaitable[Any]]
"""Sends the request to the grant's address and returns the parsed answer. Raises `incidents.errors`."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token as it goes into the header; `ends_at` is in the monotonic clock's seconds, None if nobody said."""

    proof: BearerToken
    ends_at: float | None


class AccessTokens:
    """Gives the token that is valid now. `clock` is monotonic seconds."""

    def __init__(
        self, grant: TokenGrant, ask: Ask, *, vendor: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._grant = grant
        self._ask = ask
        self._what = f"{vendor} access token"
        self._clock = clock
        self._token: AccessToken | None = None
        self._purchase: asyncio.Task[AccessToken] | None = None

    async def current(self) -> AccessToken:
        """The token in hand, or a new one where there is none or it ends. Raises `incidents.errors`: `NotAllowed`
        where the vendor gives none for these credentials.
        """
        token = self._token
        return token if token is not None and self._is_fresh(token) else await self.other_than(token)

    async def other_than(self, refused: AccessToken | None) -> AccessToken:
        """One that is not this one, which has ended or was refused: the one that another caller bought meanwhile, or
        a new one. All who come while one is being bought share it, or its failure.
        """
        token = self._token
        if token is not None and token is not refused and self._is_fresh(token):
            return token
        purchase = self._purchase
        if purchase is None or purchase.done():
            purchase = self._purchase = asyncio.create_task(self._bought())
            purchase.add_done_callback(_seen)
        # Who gives up must not take it away from the others.
        token = self._token = await asyncio.shield(purchase)
        return token

    async def aclose(self) -> None:
        """Buy no more."""
        if self._purchase is not None and not self._purchase.done():
            self._purchase.cancel()
            await asyncio.wait([self._purchase])

    def _is_fresh(self, token: AccessToken) -> bool:
        return token.ends_at is None or self._clock() < token.ends_at

    async def _bought(self) -> AccessToken:
        asked_at = self._clock()
        try:
            answer = record(await self._ask(self._grant.request(datetime.now(UTC))))
        except (NotAllowed, NotFound) as error:
            raise NotAllowed(f"{self._what}: {error}") from error
        except Refused as error:
            # RFC 6749, section 5.2: 400 for invalid_client, invalid_grant, invalid_scope and their like.
            raise NotAllowed(
                f"{self._what}: {error}; check the client's id, its secret or key, and the scope"
            ) from error
        token = text(answer.get("access_token"))
        if text(answer.get("token_type")).casefold() not in ("bearer", ""):
            raise Unreachable(f"{self._what}: given, but of a kind we cannot use")
        try:
            proof = BearerToken(SecretStr(token))
        except ValueError:
            raise Unreachable(f"{self._what}: the answer holds no token") from None
        return AccessToken(proof, _end(answer.get("expires_in"), asked_at))


def _seen(purchase: asyncio.Task[AccessToken]) -> None:
    """Its failure is told to whoever waits for it; where all have gone, to nobody."""
    if not purchase.cancelled():
        purchase.exception()


def _end(expires_in: object, asked_at: float) -> float | None:
    """Before the token's own end: a minute, or a tenth of a life that is short."""
    # Some servers write the number as a text.
    if isinstance(expires_in, bool) or not isinstance(expires_in, int | float | str):
        return None
    try:
        seconds = float(expires_in)
    except ValueError:
        return None
    return asked_at + seconds - min(EARLY, seconds / 10) if 0 < seconds < float("inf") else None
