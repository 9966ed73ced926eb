"""A provider's token server: gives access tokens by which the fake mail server lets its account in (RFC 6749)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

CLIENT, CLIENT_SECRET, REFRESH_TOKEN = "liaison", "client-secret-of-a-test", "refresh-token-of-a-test"
TOKEN_REFUSED = b'{"status":"401","schemes":"bearer"}'
"""What Google says to a token that it does not take."""


class FakeTokens:
    """Serve `app`; `accept` is told each new token. `given` are those it gave, `asked` the grants."""

    def __init__(self, accept: Callable[[str], None]) -> None:
        self._accept = accept
        self.given: list[str] = []
        self.asked: list[str] = []
        self.app = Starlette(routes=[Route("/token", self._give, methods=["POST"])])

    async def _give(self, request: Request) -> Response:
        form = {key: values[0] for key, values in parse_qs((await request.body()).decode()).items()}
        grant = form.get("grant_type", "")
        self.asked.append(grant)
        is_client = form.get("client_id") == CLIENT and form.get("client_secret") == CLIENT_SECRET
        is_granted = grant == "client_credentials" or (
            grant == "refresh_token" and form.get("refresh_token") == REFRESH_TOKEN
        )
        if not (is_client and is_granted):
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        token = f"token-{len(self.given) + 1}"
        self.given.append(token)
        self._accept(token)
        return JSONResponse({"access_token": token, "token_type": "Bearer", "expires_in": 3600})


def shown_token(answer: str) -> tuple[str, str]:
    """User and token of an answer by XOAUTH2; empty where it is none."""
    try:
        words = base64.b64decode(answer, validate=True).decode().split("\1")
    except ValueError:
        return "", ""
    if len(words) != 4 or not words[0].startswith("user=") or not words[1].startswith("auth=Bearer "):
        return "", ""
    return words[0].removeprefix("user="), words[1].removeprefix("auth=Bearer ")
