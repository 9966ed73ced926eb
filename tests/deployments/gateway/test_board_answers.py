"""Yes and no on the board: by whom the policy names, from the board's own page, with that page's token, and by nobody
else."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from deployments.gateway.app import Gateway
from deployments.gateway.serve import open_gateway
from incidents.approval import Approval, ApprovalState, ApprovalSubject
from incidents.links.board_links import board_token
from incidents.store.approvals import read_approvals, save_approvals
from incidents.store.database import Database
from tests.deployments.gateway.conftest import PACE, Clock, Rules
from tests.deployments.gateway.prefect_api import PrefectApi
from tests.deployments.gateway.vendors import NOW
from tests.incidents.builders import a_policy
from tests.incidents.store.examples import new_incident

HOUR = timedelta(hours=1)
PATH = "/board/answer-INC-1"
OURS = {"sec-fetch-site": "same-origin"}
SECRET = "correct horse battery"
PAGE = Approval(
    incident=1,
    generation=1,
    subject=ApprovalSubject.STATUS_PAGE,
    state=ApprovalState.ASKED,
    asked_at=NOW,
    expires_at=NOW + HOUR,
)


@pytest.fixture
def rules() -> Rules:
    return Rules(
        a_policy(
            board={"may_act": ["Ana", "Bo"], "user_header": "X-Remote-User", "proxies": ["192.0.2.7"]},
            links={"gateway": "https://liaison.shop.example"},
        )
    )


@pytest.fixture
async def gateway(
    database: Database, key: str, clock: Clock, prefect: PrefectApi, rules: Rules
) -> AsyncIterator[Gateway]:
    async with database.transaction() as tx:
        await new_incident(tx, title="Checkout", now=NOW)
        await save_approvals(tx, [PAGE])
    async with open_gateway(
        database, key, connect=prefect.connect, clock=clock, pace=PACE, policy=rules, board_secret=SECRET
    ) as gateway:
        yield gateway


@pytest.fixture
async def http(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(gateway, raise_app_exceptions=False, client=("192.0.2.7", 1234))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as http:
        yield http


def as_reader(key: str, name: str) -> dict[str, str]:
    return {"Cookie": f"liaison_board={board_token(key, name, now=NOW)}"}


async def form_of(http: httpx.AsyncClient, who: dict[str, str]) -> dict[str, str]:
    """What the page's form sends with nothing typed."""
    page = await http.get(PATH, headers=who)
    assert page.status_code == 200
    assert page.headers["referrer-policy"] == "same-origin", "else the browser says that it comes from null"
    assert "form-action 'self'" in page.headers["content-security-policy"]
    assert "<script" not in page.text
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text))


async def standing(database: Database) -> Approval:
    async with database.transaction() as tx:
        (found,) = (await read_approvals(tx, [1]))[1]
    return found


@pytest.mark.parametrize(("answer", "state"), [("yes", ApprovalState.APPROVED), ("no", ApprovalState.DENIED)])
async def test_an_answer(
    http: httpx.AsyncClient, database: Database, key: str, answer: str, state: ApprovalState
):
    """With the reader's name and reason; whoever comes later reads who decided."""
    ana = as_reader(key, "Ana")
    form = {**await form_of(http, ana), "answer": answer, "why": "many <b>are</b> hit"}
    said = await http.post(PATH, data=form, headers={**OURS, **ana})
    assert (said.status_code, said.headers["location"]) == (303, "INC-1")
    found = await standing(database)
    assert (found.state, found.decided_by, found.decided_in, found.why) == (
        state,
        "Ana",
        "on the board",
        "many <b>are</b> hit",
    )
    late = await http.post(PATH, data={**form, "answer": "yes"}, headers={**OURS, **ana})
    assert late.status_code == 409
    assert "Ana" in late.text
    assert "<b>are</b>" not in late.text


@pytest.mark.parametrize(
    ("headers", "is_taken"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"origin": "http://gateway.test"}, True),
        ({"origin": "https://liaison.shop.example"}, True),
        ({}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"sec-fetch-site": "cross-site", "origin": "http://gateway.test"}, False),
        ({"origin": "http://evil.test"}, False),
        ({"origin": "http://gateway.test.evil.test"}, False),
        ({"origin": "null"}, False),
        ({"origin": ""}, False),
    ],
)
async def test_only_from_the_boards_own_page(
    http: httpx.AsyncClient, database: Database, key: str, headers: dict[str, str], is_taken: bool
):
    ana = as_reader(key, "Ana")
    form = {**await form_of(http, ana), "answer": "yes"}
    said = await http.post(PATH, data=form, headers={**headers, **ana})
    assert said.status_code == (303 if is_taken else 403)
    assert ((await standing(database)).state is ApprovalState.APPROVED) is is_taken


@pytest.mark.parametrize(
    "changes",
    [
        {"token": ""},
        {"token": f"99999999999.{'A' * 43}"},
        {"token": f"{'9' * 12}.{'A' * 43}"},  # no year has so many seconds
        {"question": "affected-customers"},
        {"question": ""},
        {"answer": "maybe"},
        {"answer": ""},
    ],
)
async def test_only_with_the_forms_own_token(
    http: httpx.AsyncClient, database: Database, key: str, changes: dict[str, str]
):
    ana = as_reader(key, "Ana")
    form = {**await form_of(http, ana), "answer": "yes", **changes}
    assert (await http.post(PATH, data=form, headers={**OURS, **ana})).status_code == 403
    assert (await standing(database)).state is ApprovalState.ASKED


async def test_a_form_that_lay_too_long(http: httpx.AsyncClient, database: Database, key: str, clock: Clock):
    """Its token is good for two hours, whatever becomes of the question."""
    async with database.transaction() as tx:
        await tx.exec_driver_sql("update approvals set expires_at = expires_at + interval '1 day'")
    ana = as_reader(key, "Ana")
    form = {**await form_of(http, ana), "answer": "yes"}
    clock.now += 2 * HOUR
    assert (await http.post(PATH, data=form, headers={**OURS, **ana})).status_code == 403
    assert (await standing(database)).state is ApprovalState.ASKED


async def test_only_who_may(http: httpx.AsyncClient, database: Database, key: str, rules: Rules):
    """Another's form is worth nothing; a link without a name, the team's secret and a stranger answer nothing."""
    form = {**await form_of(http, as_reader(key, "Bo")), "answer": "yes"}
    for who, status in (
        (as_reader(key, "Ana"), 403),
        (as_reader(key, "Eve"), 403),
        (as_reader(key, ""), 403),
        ({}, 401),
    ):
        assert (await http.post(PATH, data=form, headers={**OURS, **who})).status_code == status, who
    await http.post("/board/enter", data={"secret": SECRET})
    assert (await http.get("/board/")).status_code == 200
    assert (await http.get(PATH)).status_code == 403
    assert (await http.post(PATH, data=form, headers=OURS)).status_code == 403
    rules.policy = a_policy()
    http.cookies.clear()
    for path, words in ((PATH, "named in the policy"), ("/board/INC-1", "liaison approve INC-1 status-page")):
        page = await http.get(path, headers=as_reader(key, "Bo"))
        assert words in page.text
        assert "Say yes or no here" not in page.text
    assert (await standing(database)).state is ApprovalState.ASKED


async def test_who_the_proxy_says(http: httpx.AsyncClient, database: Database, key: str):
    """The header goes before a link."""
    bo = {"X-Remote-User": "Bo", **as_reader(key, "Eve")}
    form = {**await form_of(http, bo), "answer": "no"}
    assert (await http.post(PATH, data=form, headers={**OURS, **bo})).status_code == 303
    assert (await standing(database)).decided_by == "Bo"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_only_a_form(http: httpx.AsyncClient, key: str, method: str):
    assert (await http.request(method, PATH, headers=as_reader(key, "Ana"))).status_code == 405


async def test_an_incident_that_is_not_there(http: httpx.AsyncClient, key: str):
    assert (await http.get("/board/answer-INC-99", headers=as_reader(key, "Ana"))).status_code == 404


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        (ApprovalSubject.STATUS_PAGE, "Everybody would read:"),
        (ApprovalSubject.AFFECTED, "0 customers who have not written would read:"),
        (ApprovalSubject.MAJOR, "Is this a major incident? Hit: "),
    ],
)
async def test_what_a_yes_would_do_is_on_the_page(
    http: httpx.AsyncClient, key: str, database: Database, subject: ApprovalSubject, words: str
):
    """A manager has neither the ticket nor the room before them; the board itself leads there in one step."""
    async with database.transaction() as tx:
        await save_approvals(tx, [replace(PAGE, subject=subject)])
    page = await http.get(PATH, headers=as_reader(key, "Ana"))
    assert words in page.text
    assert (
        '<a href="answer-INC-1">Answer INC-1</a>'
        in (await http.get("/board/", headers=as_reader(key, "Ana"))).text
    )
