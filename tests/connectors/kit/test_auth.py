"""Each way to prove who we are as a vendor sees it; tokens bought once for all, anew when they end, told to nobody."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import parse_qs

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pydantic import SecretStr

from connectors.kit.auth.grants import JWT_BEARER, ClientCredentials, JwtAssertion, RefreshToken
from connectors.kit.auth.tokens import AccessTokens
from connectors.kit.auth.ways import ApiKeyHeader, BasicLogin, BearerToken, ClientCertificate
from incidents.errors import Busy, LiaisonError, NotAllowed, Unknown, Unreachable
from tests.connectors.kit.scripted_vendor import Vendor, http, status

SECRET = "hush-hush"
TOKEN_URL = "https://login.example/oauth/token"
GRANT = ClientCredentials(TOKEN_URL, "client:1", SecretStr(SECRET), scope="tickets:read")


class Issuer(httpx.AsyncBaseTransport):
    """Gives `token-1`, `token-2` ... at the token's address, and takes only the newest one everywhere else."""

    def __init__(self, answers: Callable[[int], httpx.Response] | None = None) -> None:
        self._answers = answers or (lambda number: httpx.Response(200, json=given(number)))
        self.asked: list[httpx.Request] = []
        self.called: list[str] = []
        self.newest = 0
        self.gate: asyncio.Event | None = None
        self.is_asked = asyncio.Event()
        self.refuses: int | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "login.example":
            self.asked.append(request)
            self.is_asked.set()
            if self.gate is not None:
                await self.gate.wait()
            self.newest += 1
            return self._answers(self.newest)
        self.called.append(request.headers["authorization"])
        if self.refuses is not None:
            return httpx.Response(self.refuses, json={})
        is_right = request.headers["authorization"] == f"Bearer token-{self.newest}"
        return httpx.Response(200 if is_right else 401, json={})

    def revoke(self) -> None:
        """As if another had been given: the one in hand is taken no more."""
        self.newest += 1


def given(number: int, **more: object) -> dict[str, object]:
    return {"access_token": f"token-{number}", "token_type": "Bearer", "expires_in": 3600, **more}


# -- what needs nothing fetched


@pytest.mark.parametrize(
    ("way", "header", "value"),
    [
        (BearerToken(SecretStr("t")), "authorization", "Bearer t"),
        (BearerToken(SecretStr("t"), before="Token token="), "authorization", "Token token=t"),
        (BasicLogin("a@b/token", SecretStr("p:ü")), "authorization", "Basic YUBiL3Rva2VuOnA6w7w="),
        (ApiKeyHeader("X-Api-Key", SecretStr("k")), "x-api-key", "k"),
    ],
)
async def test_each_way_is_sent_with_every_call(way, header, value):
    vendor = Vendor(lambda: httpx.Response(200, json={}))
    async with http(vendor, auth=way) as client:
        await client.call("GET", "/things")
        await client.call("POST", "/things", json={})
    assert [request.headers[header] for request in vendor.requests] == [value, value]


@pytest.mark.parametrize("bad", ["", " qq7", "qq7\n", "tökén", "qq\x007"])
@pytest.mark.parametrize("way", [BearerToken, lambda secret: ApiKeyHeader("X-Key", secret)])
def test_a_secret_that_no_header_can_carry_is_refused_unquoted(way, bad):
    with pytest.raises(ValueError, match="no header can carry") as caught:
        way(SecretStr(bad))
    assert not bad or bad.strip() not in str(caught.value)


def test_a_user_with_a_colon_would_be_read_as_another():
    with pytest.raises(ValueError, match="colon"):
        BasicLogin("a:b", SecretStr("p"))


@pytest.mark.parametrize(
    "way",
    [
        BearerToken(SecretStr(SECRET)),
        BasicLogin("u", SecretStr(SECRET)),
        ApiKeyHeader("X-Key", SecretStr(SECRET)),
        ClientCertificate(certificate=None, key_password=SecretStr(SECRET)),  # type: ignore[arg-type]
        GRANT,
        GRANT.request(datetime.now(UTC)),
    ],
)
def test_no_way_shows_its_secret(way):
    assert SECRET not in repr(way)


# -- tokens that are bought


async def test_a_token_is_bought_once_and_used_until_it_ends():
    issuer = Issuer()
    async with http(issuer, auth=GRANT) as client:
        for _ in range(3):
            await client.call("GET", "/things")
    (asked,) = issuer.asked
    assert parse_qs(asked.content.decode()) == {
        "grant_type": ["client_credentials"],
        "scope": ["tickets:read"],
    }
    # Both halves form-encoded before they are joined: client%3A1:hush-hush.
    assert asked.headers["authorization"] == "Basic Y2xpZW50JTNBMTpodXNoLWh1c2g="
    assert issuer.called == ["Bearer token-1"] * 3


async def test_the_secret_goes_into_the_form_where_the_server_wants_it_there():
    issuer = Issuer()
    grant = ClientCredentials(TOKEN_URL, "c", SecretStr("s"), secret_in_form=True, more=(("audience", "x"),))
    async with http(issuer, auth=grant) as client:
        await client.call("GET", "/things")
    assert "authorization" not in issuer.asked[0].headers
    assert parse_qs(issuer.asked[0].content.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["c"],
        "client_secret": ["s"],
        "audience": ["x"],
    }


@pytest.mark.parametrize("is_repeatable", [True, False])
async def test_a_token_that_is_refused_is_replaced_once_and_the_call_sent_again(is_repeatable):
    """A call refused for its credentials was not done, so even one that may not be repeated is sent again."""
    issuer = Issuer()
    async with http(issuer, auth=GRANT) as client:
        await client.call("GET", "/things")
        issuer.revoke()
        answer = await client.call("POST", "/things", json={"a": 1}, is_repeatable=is_repeatable)
    assert answer.status == 200
    assert issuer.called == ["Bearer token-1", "Bearer token-1", "Bearer token-3"]
    assert len(issuer.asked) == 2


async def test_a_new_token_that_is_refused_as_well_ends_the_call():
    issuer = Issuer(lambda number: httpx.Response(200, json=given(number + 100)))
    async with http(issuer, auth=GRANT) as client:
        with pytest.raises(NotAllowed, match="acme POST /things: HTTP 401"):
            await client.call("POST", "/things", json={})
    assert len(issuer.called) == len(issuer.asked) == 2


async def test_a_plain_token_that_is_refused_is_not_tried_again():
    vendor = Vendor(status(401))
    async with http(vendor, auth=BearerToken(SecretStr("t"))) as client:
        with pytest.raises(NotAllowed):
            await client.call("GET", "/things")
    assert len(vendor.requests) == 1


async def test_403_is_a_missing_right_and_no_reason_for_a_new_token():
    issuer = Issuer()
    issuer.refuses = 403
    async with http(issuer, auth=GRANT) as client:
        with pytest.raises(NotAllowed, match="403"):
            await client.call("GET", "/things")
    assert len(issuer.asked) == len(issuer.called) == 1


async def test_many_calls_at_once_buy_one_token_also_when_it_was_refused():
    issuer = Issuer()
    issuer.gate = asyncio.Event()
    async with http(issuer, auth=GRANT) as client:
        first = [asyncio.create_task(client.call("GET", "/things")) for _ in range(20)]
        await issuer.is_asked.wait()
        issuer.gate.set()
        await asyncio.gather(*first)
        assert len(issuer.asked) == 1
        issuer.revoke()
        await asyncio.gather(*[client.call("GET", "/things") for _ in range(20)])
    assert len(issuer.asked) == 2


async def test_who_gives_up_does_not_take_the_token_from_the_others():
    issuer = Issuer()
    issuer.gate = asyncio.Event()
    async with http(issuer, auth=GRANT) as client:
        impatient, patient = [asyncio.create_task(client.call("GET", "/things")) for _ in range(2)]
        await issuer.is_asked.wait()
        impatient.cancel()
        await asyncio.wait([impatient])
        issuer.gate.set()
        assert (await patient).status == 200
    assert len(issuer.asked) == 1


async def test_a_token_that_does_not_come_in_time_means_that_nothing_was_done():
    issuer = Issuer()
    issuer.gate = asyncio.Event()
    async with http(issuer, auth=GRANT, deadline=0.02) as client:
        with pytest.raises(Unreachable, match="no answer within"):
            await client.call("POST", "/things", json={})
    assert issuer.called == []


@pytest.mark.parametrize(
    ("expires_in", "age", "bought"),
    [
        (3600, 3539, 1),
        (3600, 3541, 2),
        (100, 89, 1),
        (100, 91, 2),
        ("3600", 3541, 2),
        (None, 10**9, 1),
        (True, 10**9, 1),
        (-1, 10**9, 1),
        ("soon", 10**9, 1),
        (float("inf"), 10**9, 1),
    ],
)
async def test_a_token_is_replaced_before_it_ends(expires_in, age, bought):
    """A minute before, or a tenth of a short life; one whose end nobody said lives until it is refused."""
    now, asked = [1000.0], []

    async def ask(request):
        asked.append(request)
        return given(len(asked), expires_in=expires_in)

    tokens = AccessTokens(GRANT, ask, vendor="acme", clock=lambda: now[0])
    await tokens.current()
    now[0] += age
    await tokens.current()
    assert len(asked) == bought


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (httpx.Response(400, json={"error": "invalid_client", "d": SECRET}), NotAllowed),
        (httpx.Response(401, json={}), NotAllowed),
        (httpx.Response(404, json={}), NotAllowed),
        (httpx.Response(429, headers={"retry-after": "9"}), Busy),
        (httpx.Response(500), Unreachable),
        (httpx.Response(200, html="<html>"), Unreachable),
        (httpx.Response(200, json={}), Unreachable),
        (httpx.Response(200, json=["x"]), Unreachable),
        (httpx.Response(200, json=given(1, token_type="mac")), Unreachable),
        (httpx.Response(200, json=given(1, access_token=f"{SECRET}\n")), Unreachable),
    ],
)
async def test_no_token_to_be_had(reply, error, caplog):
    """Nothing was done, so it is never `Unknown`; nothing of the answer or of our secret is told."""
    caplog.set_level(logging.DEBUG)
    issuer = Issuer(lambda _number: reply)
    async with http(issuer, auth=GRANT, attempts=1) as client:
        with pytest.raises(LiaisonError, match=r"access token|login\.example") as caught:
            await client.call("POST", "/things", json={})
    assert isinstance(caught.value, error)
    assert not isinstance(caught.value, Unknown)
    assert issuer.called == []
    assert SECRET not in str(caught.value) + caplog.text


async def test_a_refresh_token_buys_access_tokens_and_the_client_stands_in_the_form():
    issuer = Issuer()
    grant = RefreshToken(TOKEN_URL, "c", SecretStr(""), SecretStr(SECRET), scope="mail")
    async with http(issuer, auth=grant) as client:
        await client.call("GET", "/things")
    assert parse_qs(issuer.asked[0].content.decode()) == {
        "grant_type": ["refresh_token"],
        "refresh_token": [SECRET],
        "client_id": ["c"],
        "scope": ["mail"],
    }
    assert "authorization" not in issuer.asked[0].headers
    assert issuer.called == ["Bearer token-1"]
    with_secret = RefreshToken(TOKEN_URL, "c", SecretStr("s"), SecretStr(SECRET))
    assert with_secret.request(datetime.now(UTC)).form["client_secret"] == "s"
    assert SECRET not in repr(grant)


@pytest.mark.parametrize(
    "make",
    [
        ClientCredentials,
        lambda url, *_: assertion(url),
        lambda url, *_: RefreshToken(url, "c", SecretStr(""), SecretStr("r")),
    ],
)
def test_a_secret_does_not_travel_in_clear(make):
    with pytest.raises(ValueError, match="https"):
        make("http://login.example/token", "c", SecretStr("s"))


# -- a signed assertion

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> SecretStr:
    return SecretStr(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
    )


def assertion(url: str = TOKEN_URL, key: SecretStr | None = None, **more: object) -> JwtAssertion:
    return JwtAssertion(url, "client", "https://login.example", key or pem(RSA), **more)  # type: ignore[arg-type]


async def test_an_assertion_is_what_rfc_7523_asks_for():
    issuer = Issuer()
    async with http(issuer, auth=assertion(subject="bot@acme.example", scope="api", key_id="7")) as client:
        await client.call("GET", "/things")
    form = parse_qs(issuer.asked[0].content.decode())
    assert (form["grant_type"], form["scope"]) == ([JWT_BEARER], ["api"])
    token = form["assertion"][0]
    claims = jwt.decode(token, RSA.public_key(), ["RS256"], audience="https://login.example")
    assert (claims["iss"], claims["sub"], claims["exp"] - claims["iat"]) == (
        "client",
        "bot@acme.example",
        180,
    )
    assert jwt.get_unverified_header(token)["kid"] == "7"


def test_each_assertion_is_one_of_its_own():
    """A server may refuse one it has seen (RFC 7523, section 3: `jti`)."""
    one, other = [assertion().request(datetime.now(UTC)).form["assertion"] for _ in range(2)]
    assert one != other


def test_an_elliptic_key_and_a_scope_in_the_claims():
    key = ec.generate_private_key(ec.SECP256R1())
    form = (
        assertion(key=pem(key), algorithm="ES256", scope="api", scope_in_claims=True)
        .request(datetime.now(UTC))
        .form
    )
    claims = jwt.decode(form["assertion"], key.public_key(), ["ES256"], audience="https://login.example")
    assert (claims["scope"], claims["sub"], "scope" in form) == ("api", "client", False)


@pytest.mark.parametrize("key", [SecretStr(SECRET), pem(ec.generate_private_key(ec.SECP256R1()))])
def test_a_key_that_cannot_sign_is_refused_unquoted(key):
    with pytest.raises(ValueError, match="cannot sign RS256") as caught:
        assertion(key=key)
    assert key.get_secret_value() not in str(caught.value)
    assert caught.value.__suppress_context__
