"""What a helpdesk's app is told of a ticket: with that helpdesk's token, of that helpdesk's tickets, only to read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from deployments.gateway.app import Gateway
from deployments.gateway.serve import open_gateway
from incidents.approval import Approval, ApprovalState, ApprovalSubject
from incidents.commands.parsing import Ground, parse
from incidents.commands.words import Rule
from incidents.links.board_links import board_token
from incidents.links.sidebar_links import sidebar_token
from incidents.models import JoinOrigin
from incidents.store.approvals import save_approvals
from incidents.store.database import Database
from incidents.store.tickets import link_tickets, save_tickets
from tests.deployments.gateway.conftest import PACE, Clock, Rules
from tests.deployments.gateway.prefect_api import PrefectApi
from tests.deployments.gateway.vendors import NOW
from tests.incidents.builders import a_policy
from tests.incidents.store.examples import HELPDESK, new_incident, ticket

DAY = timedelta(days=1)
GATEWAY = "https://liaison.example.com"
TICKET = f"/sidebar/{HELPDESK}/1"


@pytest.fixture
def rules() -> Rules:
    return Rules(a_policy(links={"gateway": GATEWAY}))


@pytest.fixture
async def gateway(
    database: Database, key: str, clock: Clock, prefect: PrefectApi, rules: Rules
) -> AsyncIterator[Gateway]:
    async with database.transaction() as tx:
        opened = await new_incident(tx, title="Checkout: <b>fails</b>", now=NOW)
        joined, alone = ticket(1), ticket(2, subject="Something of my own")
        await save_tickets(tx, [joined, alone])
        await link_tickets(tx, opened.id, [joined.ref], origin=JoinOrigin.RULE, reason="same", now=NOW)
    async with open_gateway(
        database, key, connect=prefect.connect, clock=clock, pace=PACE, policy=rules
    ) as gateway:
        yield gateway


@pytest.fixture
async def http(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(gateway, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as http:
        yield http


def bearer(key: str, connection: str = HELPDESK) -> dict[str, str]:
    return {"Authorization": f"Bearer {sidebar_token(key, connection, now=NOW)}"}


async def asked(http: httpx.AsyncClient, key: str, path: str = TICKET) -> dict[str, Any]:
    answer = await http.get(path, headers=bearer(key))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.headers["cache-control"] == "private, no-store"
    found: dict[str, Any] = answer.json()
    return found


async def test_the_incident_of_a_ticket(http: httpx.AsyncClient, key: str):
    incident = (await asked(http, key))["incident"]
    assert (incident["name"], incident["title"]) == ("INC-1", "Checkout: <b>fails</b>")
    assert (incident["state"], incident["is_over"], incident["owner"]) == ("reported", False, "")
    assert incident["since"] == NOW.isoformat().replace("+00:00", "Z")
    assert incident["board"] == f"{GATEWAY}/board/INC-1"
    assert [step["what"] for step in incident["next"]] == ["whether customers are hit is checked"]
    labels = [fact["label"] for fact in incident["facts"]]
    assert {"Service", "Verdict", "Evidence", "Tried"} <= set(labels)
    assert not {"First tickets", "Incident"} & set(labels), (
        "what other customers wrote, and what stands above"
    )


@pytest.mark.parametrize(
    ("subject", "which"),
    [
        (ApprovalSubject.STATUS_PAGE, ""),
        (ApprovalSubject.MAJOR, ""),
        (ApprovalSubject.ACTION, "restart the pods"),
    ],
)
async def test_a_question_comes_with_its_answer(
    http: httpx.AsyncClient, key: str, database: Database, subject: ApprovalSubject, which: str
):
    """What stands in the form of its button is read as an answer to that question and no other."""
    question = Approval(
        incident=1,
        generation=1,
        subject=subject,
        which=which,
        state=ApprovalState.ASKED,
        asked_at=NOW,
        expires_at=NOW + DAY,
    )
    async with database.transaction() as tx:
        await save_approvals(tx, [question])
    (shown,) = (await asked(http, key))["incident"]["questions"]
    command = parse(f"approve {shown['answer']} ", Ground(is_on_ticket=True))[1]
    assert command == Rule(is_yes=True, subject=subject, why=which)
    assert shown["about"]


@pytest.mark.parametrize("number", ["2", "4711"])
async def test_a_ticket_of_no_incident(http: httpx.AsyncClient, key: str, number: str):
    """Known or not: whoever asks learns the same."""
    found = await asked(http, key, f"/sidebar/{HELPDESK}/{number}")
    assert (found["incident"], found["ticket"]) == (None, number)


@pytest.mark.parametrize(
    ("commands", "ways"),
    [
        ({}, (True, False)),
        ({"believed": [HELPDESK]}, (True, True)),
        ({"in_notes": False, "believed": [HELPDESK]}, (False, False)),
    ],
)
async def test_how_a_command_is_given(
    http: httpx.AsyncClient, key: str, rules: Rules, commands: dict[str, Any], ways: tuple[bool, bool]
):
    """A note that a program writes for an agent is a command only where the policy says so."""
    rules.policy = a_policy(commands=commands)
    found = await asked(http, key)
    assert (found["is_heard"], found["is_posted"]) == ways
    assert {"escalate", "status", "promise"} <= {one["verb"] for one in found["commands"]}
    assert found["incident"]["board"] is None


@pytest.mark.parametrize(
    "given",
    ["none", "basic", "another key", "another helpdesk", "a board's", "cut", "too old", "withdrawn"],
)
async def test_a_stranger_learns_nothing(
    http: httpx.AsyncClient, key: str, clock: Clock, rules: Rules, given: str
):
    token = sidebar_token(key, HELPDESK, now=NOW)
    headers = {
        "none": {},
        "basic": {"Authorization": f"Basic {token}"},
        "another key": bearer("another key"),
        "another helpdesk": bearer(key, "zendesk/other"),
        "a board's": {"Authorization": f"Bearer {board_token(key, HELPDESK, now=NOW)}"},
        "cut": {"Authorization": f"Bearer {token[:-1]}"},
    }.get(given, bearer(key))
    if given == "too old":
        clock.now += 366 * DAY
    if given == "withdrawn":
        rules.policy = a_policy(board={"links_since": NOW + DAY})
    for path in (TICKET, f"/sidebar/{HELPDESK}/4711", "/sidebar/", "/sidebar/x"):
        answer = await http.get(path, headers=headers)
        assert answer.status_code == 401
        assert "liaison sidebar" in answer.text


async def test_it_opens_no_board(http: httpx.AsyncClient, key: str):
    token = sidebar_token(key, HELPDESK, now=NOW)
    answer = await http.get("/board/INC-1", headers={"Cookie": f"liaison_board={token}"} | bearer(key))
    assert answer.status_code == 401


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_it_is_only_read(http: httpx.AsyncClient, key: str, method: str):
    answer = await http.request(method, TICKET, headers=bearer(key))
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


async def test_its_head(http: httpx.AsyncClient, key: str):
    answer = await http.head(TICKET, headers=bearer(key))
    assert (answer.status_code, answer.content) == (200, b"")
