"""The board: for whoever may see it and nobody else, read-only, live, and every word escaped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from deployments.gateway.app import Gateway
from deployments.gateway.board.readers import SecretTooShort
from deployments.gateway.serve import open_gateway
from incidents.links.board_links import board_token
from incidents.models import Severity
from incidents.store.database import Database
from tests.deployments.gateway.conftest import PACE, Clock, Rules
from tests.deployments.gateway.prefect_api import PrefectApi
from tests.deployments.gateway.vendors import NOW
from tests.deployments.gateway.wire import serving
from tests.incidents.builders import a_policy
from tests.incidents.store.examples import new_incident

SECRET = "correct horse battery"
TITLE = "Checkout: <b>fails</b> & burns"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def rules() -> Rules:
    return Rules(a_policy())


@pytest.fixture
async def gateway(
    database: Database, key: str, clock: Clock, prefect: PrefectApi, rules: Rules
) -> AsyncIterator[Gateway]:
    async with database.transaction() as tx:
        await new_incident(tx, title=TITLE, now=NOW)
        await new_incident(tx, title="Search is slow", severity=Severity.CRITICAL, now=NOW)
    async with open_gateway(
        database,
        key,
        connect=prefect.connect,
        clock=clock,
        pace=PACE,
        policy=rules,
        board_secret=SECRET,
    ) as gateway:
        yield gateway


@pytest.fixture
async def http(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(gateway, raise_app_exceptions=False, client=("192.0.2.7", 1234))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as http:
        yield http


def link(key: str, **how: timedelta) -> str:
    return f"/board/enter?link={board_token(key, 'Ana', now=NOW, **how)}"


async def entered(http: httpx.AsyncClient, key: str) -> None:
    answer = await http.get(link(key))
    assert (answer.status_code, answer.headers["location"]) == (303, "./")


PAGES = ["/board/", "/board/INC-1", "/board/?q=checkout", "/board/events", "/board/nothing"]


@pytest.mark.parametrize("path", PAGES)
async def test_a_stranger_sees_nothing(http: httpx.AsyncClient, path: str):
    """Not even whether there is an incident; a header that no proxy of ours set says nothing."""
    answer = await http.get(path, headers={"X-Remote-User": "ana", "Cookie": "liaison_board=x.1.2.y"})
    assert answer.status_code == 401
    assert "Checkout" not in answer.text
    assert "Who are you?" in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_it_is_only_read(http: httpx.AsyncClient, key: str, method: str):
    await entered(http, key)
    assert (await http.request(method, "/board/INC-1")).status_code == 405


async def test_by_link(http: httpx.AsyncClient, key: str):
    """The link is remembered for the board and for nothing else, and no script reads it."""
    answer = await http.get(link(key), headers={"X-Forwarded-Proto": "https"})
    cookie = answer.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Secure"} <= {part.strip() for part in cookie.split(";")}
    assert "path=" not in cookie.lower(), "its own is /board, wherever a proxy has put that"
    http.cookies.clear()
    await entered(http, key)
    assert [cookie.path for cookie in http.cookies.jar] == ["/board"]
    page = await http.get("/board/")
    assert page.status_code == 200
    assert "2 open incidents" in page.text
    assert page.text.index("Search is slow") < page.text.index("INC-1"), "the worst first"


@pytest.mark.parametrize("spoil", ["other key", "too old", "cut", "withdrawn"])
async def test_a_link_that_opens_nothing(
    http: httpx.AsyncClient, key: str, clock: Clock, rules: Rules, spoil: str
):
    """Neither itself nor by the cookie that it left when it was still good."""
    await entered(http, key)
    address = link(key)
    if spoil == "other key":
        http.cookies.clear()
        address = link("another key")
    elif spoil == "cut":
        http.cookies.clear()
        address = address[:-1]
    elif spoil == "too old":
        clock.now += timedelta(days=30)
    else:
        rules.policy = a_policy(board={"links_since": NOW + MINUTE})
    answer = await http.get(address)
    assert answer.status_code == 401
    assert "Ask for a new one" in answer.text
    assert (await http.get("/board/")).status_code == 401


async def test_by_the_teams_secret(http: httpx.AsyncClient):
    wrong = await http.post("/board/enter", data={"secret": f"{SECRET}!"})
    assert wrong.status_code == 401
    assert "That was not it." in wrong.text
    assert SECRET not in wrong.text
    for odd in (b"", b"secret", b"\xff=\xfe", b"&" * 100):
        assert (await http.post("/board/enter", content=odd)).status_code == 401
    assert (await http.post("/board/enter", data={"secret": SECRET})).headers["location"] == "./"
    assert (await http.get("/board/")).status_code == 200


async def test_another_secret_shuts_out_who_knew_the_old_one(
    database: Database, key: str, clock: Clock, prefect: PrefectApi, http: httpx.AsyncClient
):
    """And nobody who has a link of their own."""
    given = (await http.post("/board/enter", data={"secret": SECRET})).headers["set-cookie"].split(";")[0]
    own = f"liaison_board={board_token(key, 'Ana', now=NOW)}"
    for secret, sees in ((SECRET, 200), ("another secret of theirs", 401), (None, 401)):
        async with (
            open_gateway(
                database,
                key,
                connect=prefect.connect,
                clock=clock,
                pace=PACE,
                policy=a_policy,
                board_secret=secret,
            ) as changed,
            httpx.AsyncClient(
                transport=httpx.ASGITransport(changed), base_url="http://gateway.test"
            ) as reader,
        ):
            assert (await reader.get("/board/", headers={"Cookie": given})).status_code == sees
            assert (await reader.get("/board/", headers={"Cookie": own})).status_code == 200


@pytest.mark.parametrize("beside", ['j={"a":1}; ', "a[b]=1; ", "session=a b c; x; "])
async def test_other_tools_cookies_are_no_hindrance(http: httpx.AsyncClient, key: str, beside: str):
    """Behind one proxy they come along."""
    cookie = f"{beside}liaison_board={board_token(key, 'Ana', now=NOW)}; more=1"
    assert (await http.get("/board/", headers={"Cookie": cookie})).status_code == 200


async def test_by_the_proxys_word(http: httpx.AsyncClient, rules: Rules):
    """Only from the proxy's address; its header without a name is nobody's."""
    rules.policy = a_policy(board={"user_header": "X-Remote-User", "proxies": ["192.0.2.8"]})
    named = {"X-Remote-User": "ana"}
    assert (await http.get("/board/", headers=named)).status_code == 401
    rules.policy = a_policy(board={"user_header": "X-Remote-User", "proxies": ["192.0.2.7"]})
    assert (await http.get("/board/", headers=named)).status_code == 200
    assert (await http.get("/board/", headers={"X-Remote-User": " "})).status_code == 401


async def test_a_secret_that_can_be_guessed(database: Database, key: str, prefect: PrefectApi, rules: Rules):
    with pytest.raises(SecretTooShort, match="LIAISON_BOARD_SECRET has 5 characters"):
        async with open_gateway(database, key, connect=prefect.connect, policy=rules, board_secret="short"):
            pass


async def test_words_are_no_markup(http: httpx.AsyncClient, key: str):
    """What a ticket says is shown as it is; nothing runs or is loaded that is not the gateway's own."""
    await entered(http, key)
    for path in ("/board/", "/board/INC-1", "/board/?q=<script>alert(1)</script>"):
        page = await http.get(path)
        assert "<b>fails" not in page.text
        assert "<script>alert" not in page.text
        assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self';")
        assert page.headers["cache-control"] == "private, no-store"
        assert page.headers["referrer-policy"] == "no-referrer"
    assert "Checkout: &lt;b&gt;fails&lt;/b&gt; &amp; burns" in (await http.get("/board/INC-1")).text


async def test_a_story(http: httpx.AsyncClient, key: str):
    await entered(http, key)
    for name in ("INC-1", "inc-1"):
        page = await http.get(f"/board/{name}")
        assert page.status_code == 200
        for heading in ("What happens next", "What is known", "What customers were told", "What happened"):
            assert heading in page.text
    missing = await http.get("/board/INC-99")
    assert missing.status_code == 404
    assert "There is no INC-99" in missing.text
    assert (await http.get("/board/board.css")).headers["content-type"] == "text/css; charset=utf-8"
    assert (await http.get("/board")).headers["location"] == "board/"
    assert (await http.head("/board/INC-1")).status_code == 200


@pytest.mark.parametrize(
    ("sought", "found"),
    [
        ("inc-1", "INC-1"),
        ("INC2", "INC-2"),
        ("1", "INC-1"),
        ("#2", "INC-2"),
        ("burns", "INC-1"),
        ("SLOW", "INC-2"),
        ("100%", None),
        ("_", None),
        ("INC-77", None),
        ("9" * 300, None),
        ("nothing of the kind", None),
    ],
)
async def test_search(http: httpx.AsyncClient, key: str, sought: str, found: str | None):
    """One that is found is shown at once; `%` and `_` are letters like others."""
    await entered(http, key)
    answer = await http.get("/board/", params={"q": sought})
    if found is None:
        assert answer.status_code == 200
        assert "Nothing. Looked for" in answer.text
    else:
        assert (answer.status_code, answer.headers["location"]) == (303, found)


async def test_live(gateway: Gateway, database: Database, key: str):
    """A page that is open hears of a change within a second, on the wire; and is let go when the gateway ends."""
    cookie = {"Cookie": f"liaison_board={board_token(key, '', now=NOW)}"}
    async with (
        serving(gateway) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, headers=cookie) as http,
        http.stream("GET", "/board/events") as events,
    ):
        lines = events.aiter_lines()
        await heard(lines, within=5.0)
        async with database.transaction() as tx:
            opened = await new_incident(tx, title="Accounts are away", now=NOW)
        await heard(lines, within=1.0)
        page = await http.get("/board/")
        assert f">{opened.name}</a> Accounts are away" in page.text
        await gateway.end()
        async with asyncio.timeout(5):
            assert [line async for line in lines if line.startswith("event")] == []
        late = await http.get("/board/events")
        assert (late.status_code, late.headers["retry-after"]) == (503, "5")


async def heard(lines: AsyncIterator[str], *, within: float) -> None:
    """Return when the next change was told; gives up after so many seconds."""
    async with asyncio.timeout(within):
        async for line in lines:
            if line == "event: change":
                await anext(lines)
                return
    raise AssertionError("it ended")
