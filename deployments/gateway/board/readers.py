"""Who asks for the board: somebody with a link of ours, with the team's secret, or logged in at the proxy."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator
from datetime import datetime

from starlette.types import Scope

from incidents.errors import LiaisonError
from incidents.links.board_links import BoardLink, board_token, read_board_token
from incidents.policy.board import BoardRules

COOKIE = "liaison_board"
_TEAM = "\0team "
SHORTEST_SECRET = 16
"""Characters; shorter ones can be tried out."""


class SecretTooShort(LiaisonError):
    """The shared secret could be guessed."""


class Readers:
    """Knows who may see the board. `secret` is the team's, None for none; `rules` are asked for at each look.

    Raises `SecretTooShort`.
    """

    def __init__(
        self,
        key: str,
        secret: str | None,
        *,
        rules: Callable[[], BoardRules],
        clock: Callable[[], datetime],
    ) -> None:
        if secret is not None and len(secret) < SHORTEST_SECRET:
            raise SecretTooShort(
                f"LIAISON_BOARD_SECRET has {len(secret)} characters and can be guessed: use {SHORTEST_SECRET} or more"
            )
        self._key = key
        self._secret = secret
        self._rules = rules
        self._clock = clock

    @property
    def has_secret(self) -> bool:
        """Whether a form for it is worth showing."""
        return self._secret is not None

    def may_see(self, scope: Scope) -> bool:
        """Whether this request is of somebody who may."""
        rules = self._rules()
        if _vouched_for(scope, rules) is not None:
            return True
        return any(self._good_link(token, rules) is not None for token in _cookies(scope))

    def who(self, scope: Scope) -> str | None:
        """The name of whoever asks: as the proxy says it, else as their link has it; None for who has neither, such as
        one of all those who know the team's secret."""
        rules = self._rules()
        if (named := _vouched_for(scope, rules)) is not None:
            return named
        links = (self._good_link(token, rules) for token in _cookies(scope))
        return next(
            (one.reader for one in links if one and one.reader and not one.reader.startswith(_TEAM)), None
        )

    def link(self, token: str) -> BoardLink | None:
        """What a link's token is good for; None if it is not ours, too old, or was made before links count."""
        return self._good_link(token, self._rules())

    def token_for(self, secret: str) -> str | None:
        """A token for whoever knows the team's secret, None for all others."""
        if self._secret is None:
            return None
        given, known = _team(secret), _team(self._secret)
        is_known = hmac.compare_digest(given, known)
        return board_token(self._key, known, now=self._clock()) if is_known else None

    def _good_link(self, token: str, rules: BoardRules) -> BoardLink | None:
        link = read_board_token(self._key, token)
        if link is None or link.until <= self._clock():
            return None
        if link.reader.startswith(_TEAM) and (self._secret is None or link.reader != _team(self._secret)):
            # Whoever knew another secret: it was changed to shut somebody out.
            return None
        return None if rules.links_since is not None and link.made < rules.links_since else link


def _team(secret: str) -> str:
    """Whose token it is that was made for this secret; no reader of a link can be called so."""
    return _TEAM + hashlib.sha256(secret.encode()).hexdigest()[:32]


def _vouched_for(scope: Scope, rules: BoardRules) -> str | None:
    """Who is logged in, as the proxy, and nobody else, says."""
    client = scope.get("client")
    if rules.user_header is None or client is None or client[0] not in rules.proxies:
        return None
    said = [value.strip() for value in _header(scope, rules.user_header.lower().encode())]
    return next((one.decode("utf-8", "replace") for one in said if one), None)


def _cookies(scope: Scope) -> Iterator[str]:
    """What is remembered by us, whatever other tools behind the same proxy have left beside it."""
    for value in _header(scope, b"cookie"):
        for pair in value.decode("latin-1").split(";"):
            name, _, token = pair.strip().partition("=")
            if name == COOKIE:
                yield token


def _header(scope: Scope, name: bytes) -> Iterator[bytes]:
    return (value for key, value in scope["headers"] if key == name)
