"""A provider's token server (RFC 6749 and 7523): by its access tokens the fake mail server lets its account in."""

from __future__ import annotations

import base64
from collections.abc import Callable
from urllib.parse import parse_qs

import jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.kit.auth.grants import JWT_BEARER

CLIENT, CLIENT_SECRET, REFRESH_TOKEN = "liaison", "client-secret-of-a-test", "refresh-token-of-a-test"
SERVICE_ACCOUNT = "liaison@project.iam.gserviceaccount.example"
TOKEN_REFUSED = b'{"status":"401","schemes":"bearer"}'
"""What Google says to a token that it does not take."""


class FakeTokens:
    """Serve `app`; `accept` is told each new token. `given` are those it gave, `asked` the grants. `public_key` is that
    of a service account, which acts for `delegated`: a user, and a scope."""

    public_key = ""
    delegated: tuple[str, str] = ("", "")

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
        if not ((is_client and is_granted) or self._is_service_account(form, str(request.url))):
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        token = f"token-{len(self.given) + 1}"
        self.given.append(token)
        self._accept(token)
        return JSONResponse({"access_token": token, "token_type": "Bearer", "expires_in": 3600})

    def _is_service_account(self, form: dict[str, str], address: str) -> bool:
        if form.get("grant_type") != JWT_BEARER or not self.public_key:
            return False
        try:
            claims = jwt.decode(
                form.get("assertion", ""),
                self.public_key,
                ["RS256"],
                audience=address,
                issuer=SERVICE_ACCOUNT,
            )
        except jwt.PyJWTError:
            return False
        return (claims.get("sub"), claims.get("scope")) == self.delegated


def shown_token(answer: str) -> tuple[str, str]:
    """User and token of an answer by XOAUTH2; empty where it is none."""
    try:
        words = base64.b64decode(answer, validate=True).decode().split("\1")
    except ValueError:
        return "", ""
    if len(words) != 4 or not words[0].startswith("user=") or not words[1].startswith("auth=Bearer "):
        return "", ""
    return words[0].removeprefix("user="), words[1].removeprefix("auth=Bearer ")
