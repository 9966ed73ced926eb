"""The board over a real outage: what an agent or a manager without a Prefect login reads, from the page to the end."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from html import unescape

import httpx
import pytest
from prefect.artifacts import Artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from starlette.types import Receive, Scope, Send

from connectors.http.fake.app import Remedy
from deployments.commands.by_hand.pausing import paused
from deployments.gateway.board.answering import BoardAnswers
from deployments.gateway.board.board import PATH, BoardPages
from deployments.gateway.board.readers import COOKIE, Readers
from deployments.gateway.bodies import Bodies
from deployments.gateway.notices import Notices
from flows.recover import recover
from incidents.links.board_links import board_token
from incidents.policy.file import load_policy
from incidents.policy.policy import Policy
from tests.stories.installation import Installation

KEY = "the operator's key"


@pytest.fixture
async def board(liaison: Installation) -> AsyncIterator[httpx.AsyncClient]:
    """A reader of the board of this installation."""

    def now() -> datetime:
        return datetime.now(UTC)

    readers = Readers(KEY, None, rules=lambda: load_policy(liaison.policy_file).board, clock=now)

    def policy() -> Policy:
        return load_policy(liaison.policy_file)

    pages = BoardPages(
        liaison.database,
        readers,
        policy=policy,
        answers=BoardAnswers(liaison.database, KEY, policy=policy, clock=now),
        notices=Notices(),
        bodies=Bodies(),
        clock=now,
        fresh_seconds=0.0,
    )

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await pages.answer(scope["path"].removeprefix(PATH), scope, receive, send)

    cookie = {"Cookie": f"{COOKIE}={board_token(KEY, 'Ana', now=now())}"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=f"http://gateway.test{PATH}", headers=cookie
    ) as http:
        yield http


async def read(board: httpx.AsyncClient, path: str = "") -> str:
    """What a person reads of a page."""
    answer = await board.get(path)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.text))


async def test_an_outage_as_the_board_tells_it(liaison: Installation, board: httpx.AsyncClient):
    assert "No open incidents Quiet is good." in await read(board)

    first, _ = await liaison.escalated(2)
    page = await read(board)
    assert "1 open incident " in page
    assert "1 with engineers woken and nobody answering" in page
    assert "with nobody yet: engineers were paged" in page
    assert "Checkout: 2 tickets from 2 customers" in page
    assert "the next SLA promise breaks unless it is kept" in page

    liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")
    await liaison.sync()
    page = await read(board)
    assert "nobody answering" not in page
    assert "with Jane Doe" in page
    assert "customers hear from us, as promised" in page

    story = await read(board, "INC-1")
    assert "Jane Doe" in story
    assert f"#{first} new" in story
    assert "What customers were told Nothing yet." not in story
    found = await board.get("", params={"q": str(first)})
    assert (found.status_code, found.headers["location"]) == (303, "INC-1")


async def test_how_it_stands_in_the_prefect_ui(liaison: Installation):
    """One page, rewritten in place: who has its address sees the newest, and no list of versions."""
    began = datetime.now(UTC)
    await liaison.escalated(1)
    assert "1 open incident" in await now_page_data()
    assert "nobody yet: engineers were paged" in await now_page_data()
    liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")
    await liaison.sync()
    assert "with **Jane Doe**" in await now_page_data()
    async with get_client() as client:
        versions = await client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=["now"]))
        )
    assert len([one for one in versions if one.created is not None and one.created >= began]) == 1


async def test_links_lead_to_the_newest_wherever_they_stand(liaison: Installation):
    """On a ticket to the board; in room and page to the board and to the story, which the gateway looks up."""
    liaison.write_policy({"links": {"gateway": "https://l.example", "prefect_ui": "https://p.example"}})
    (ticket,) = await liaison.escalated(1)
    assert "The whole story: https://l.example/board/INC-1" in liaison.notes(ticket)
    told = str(liaison.page.alerts[0].event)
    for address in ("https://l.example/board/INC-1", "https://l.example/incidents/INC-1/story"):
        assert address in told
        assert address in str(liaison.world.slack.messages("inc-1-checkout"))
    assert "artifacts/key" not in told


async def now_page_data() -> str:
    page = await Artifact.aget("now")
    assert page is not None
    return str(page.data)


# Answering


async def ask(liaison: Installation, *may_act: str) -> None:
    """An action of the checkout waits for a yes; these people may say so on the board."""
    liaison.world.checkout.remedies |= {"fail over": Remedy.MENDS}
    action = {"name": "fail over", "connection": "http/checkout", "mode": "approve"}
    liaison.write_policy(
        {"services": {"checkout": {"actions": [action]}}, "board": {"may_act": list(may_act)}}
    )
    await liaison.escalated()


async def form_of(board: httpx.AsyncClient) -> dict[str, str]:
    """What the page's form sends with nothing typed."""
    page = await board.get("answer-INC-1")
    assert page.status_code == 200
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text))


OURS = {"sec-fetch-site": "same-origin"}


async def test_a_yes_on_the_board(liaison: Installation, board: httpx.AsyncClient):
    """By a form, without script: with the reader's name and reason, once, and whoever comes later reads who decided."""
    await ask(liaison, "Ana")
    assert "Somebody must say yes or no to starting the action 'fail over'" in unescape(await read(board))
    assert "Say yes or no here" in await read(board, "INC-1")
    form = await form_of(board)
    page = await board.get("answer-INC-1")
    assert "<script" not in page.text
    assert "form-action 'self'" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "same-origin", "else the browser says that it comes from null"
    answer = {**form, "answer": "yes", "why": "the replica is well"}
    said = await board.post("answer-INC-1", data=answer, headers=OURS)
    assert (said.status_code, said.headers["location"]) == (303, "INC-1")
    assert liaison.world.checkout.runs == [], "the gateway sends nothing"
    late = await board.post("answer-INC-1", data={**answer, "answer": "no"}, headers=OURS)
    assert late.status_code == 409
    assert "Ana approved at" in late.text
    await recover()
    assert [run.action for run in liaison.world.checkout.runs] == ["fail over"]
    (approval,) = (await liaison.case()).approvals
    assert (approval.decided_by, approval.decided_in, approval.why) == (
        "Ana",
        "on the board",
        "the replica is well",
    )
    assert "Nothing is asked about it now." in await read(board, "answer-INC-1")


async def test_a_pause_is_on_the_board(liaison: Installation, board: httpx.AsyncClient):
    await paused(liaison.database, by="Olga", why="deploy <b>now</b>")
    page = await board.get("")
    assert "No action is started" in page.text
    assert "actions are paused by Olga since" in page.text
    assert "deploy &lt;b&gt;now&lt;/b&gt;" in page.text
