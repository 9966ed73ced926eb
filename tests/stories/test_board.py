"""The board over a real outage: what an agent or a manager without a Prefect login reads, from the page to the end."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
from prefect.artifacts import Artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from starlette.types import Receive, Scope, Send

from deployments.gateway.board.board import PATH, BoardPages
from deployments.gateway.board.readers import COOKIE, Readers
from deployments.gateway.bodies import Bodies
from deployments.gateway.notices import Notices
from incidents.links.board_links import board_token
from incidents.policy.file import load_policy
from tests.stories.installation import Installation

KEY = "the operator's key"


@pytest.fixture
async def board(liaison: Installation) -> AsyncIterator[httpx.AsyncClient]:
    """A reader of the board of this installation."""

    def now() -> datetime:
        return datetime.now(UTC)

    readers = Readers(KEY, None, rules=lambda: load_policy(liaison.policy_file).board, clock=now)
    pages = BoardPages(
        liaison.database,
        readers,
        policy=lambda: load_policy(liaison.policy_file),
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
    assert "with nobody yet: engineers are being woken" in page
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
    await liaison.escalated(1)
    assert "1 open incident" in await now_page_data()
    assert "nobody yet: engineers are being woken" in await now_page_data()
    liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")
    await liaison.sync()
    assert "with **Jane Doe**" in await now_page_data()
    async with get_client() as client:
        versions = await client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=["now"]))
        )
    assert len(versions) == 1


async def now_page_data() -> str:
    page = await Artifact.aget("now")
    assert page is not None
    return str(page.data)
