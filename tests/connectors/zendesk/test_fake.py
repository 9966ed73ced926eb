"""The fake Zendesk keeps Zendesk's rules; without that, tests upon it would prove nothing."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from connectors.kit.fakes.faults import FaultKind
from connectors.kit.fakes.in_process import InProcessTransport
from connectors.zendesk import Zendesk
from connectors.zendesk.fake.app import (
    API_TOKEN,
    EMAIL,
    FakeZendesk,
)
from incidents.events import TicketEvent
from incidents.models import (
    Author,
    TicketChange,
    TicketStatus,
)
from tests.connectors.zendesk.conftest import SECRET, Clock, ZendeskWorld, connect
from tests.contracts.helpdesk import NOTE

GATEWAY = "http://gateway.test/zendesk"


class Gateway:
    """Where webhooks arrive. `answers` are given in turn, then 200 for ever."""

    def __init__(self) -> None:
        self.deliveries: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        self.reached = asyncio.Event()

    async def __call__(self, url: str, headers: dict[str, str], body: bytes) -> int:
        self.deliveries.append((headers, body))
        self.reached.set()
        return self.answers.pop(0) if self.answers else 200

    def kinds(self) -> list[str]:
        return [json.loads(body)["type"].removeprefix("zen:event-type:") for _, body in self.deliveries]

    def ids(self) -> list[str]:
        return [json.loads(body)["id"] for _, body in self.deliveries]


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fake(gateway: Gateway, clock: Clock) -> FakeZendesk:
    return FakeZendesk(webhook_url=GATEWAY, deliver=gateway, signing_secret=SECRET, clock=clock)


@pytest.fixture
async def http(fake: FakeZendesk) -> AsyncIterator[httpx.AsyncClient]:
    client = httpx.AsyncClient(
        transport=InProcessTransport(fake.app), base_url="https://fake", auth=(f"{EMAIL}/token", API_TOKEN)
    )
    async with client:
        yield client


def ada(fake: FakeZendesk) -> int:
    return fake.create_ticket("Ada", "ada@customer.example", "Cannot pay", "Cards are refused")


async def put(http: httpx.AsyncClient, ticket: int, **change: Any) -> httpx.Response:
    return await http.put(f"/api/v2/tickets/{ticket}.json", json={"ticket": change})


async def test_wrong_credentials(http: httpx.AsyncClient) -> None:
    """401, as Zendesk words it."""
    answer = await http.get("/api/v2/users/me.json", auth=("a", "b"))
    assert (answer.status_code, answer.json()) == (401, {"error": "Couldn't authenticate you"})


async def test_comment_is_public_unless_said(fake: FakeZendesk, http: httpx.AsyncClient) -> None:
    """The trap is there: a comment that forgets its privacy is told to the customer."""
    ticket = ada(fake)
    await put(http, ticket, comment={"body": "oops"})
    assert fake.public_replies(ticket) == ["oops"]


async def test_reopening(fake: FakeZendesk) -> None:
    """The customer's answer re-opens a solved ticket; a colleague's note does not."""
    ticket = ada(fake)
    fake.agent_solve(ticket, "Grace", "Done")
    fake.agent_note(ticket, "Grace", "I think")
    assert fake.tickets[ticket].status == "solved"
    assert fake.customer_reply(ticket, "No") == ticket
    assert (fake.tickets[ticket].status, fake.tickets[ticket].reopens) == ("open", 1)


async def test_closed_for_ever(fake: FakeZendesk, http: httpx.AsyncClient) -> None:
    """A closed ticket refuses updates; the customer's answer becomes a follow-up."""
    ticket = ada(fake)
    fake.close(ticket)
    answer = await put(http, ticket, status="open")
    assert answer.status_code == 422
    assert "closed prevents ticket update" in answer.text
    follow_up = fake.customer_reply(ticket, "Hello?")
    assert fake.tickets[follow_up].followup_of == ticket


async def test_idempotency_key(fake: FakeZendesk, http: httpx.AsyncClient) -> None:
    """Creating twice with one key creates once; with another body it is an error."""
    body = {
        "ticket": {
            "subject": "S",
            "comment": {"body": "B"},
            "requester": {"name": "A", "email": "a@c.example"},
        }
    }
    answers = [
        await http.post("/api/v2/tickets.json", json=body, headers={"Idempotency-Key": "k"}) for _ in range(2)
    ]
    assert [answer.headers["x-idempotency-lookup"] for answer in answers] == ["miss", "hit"]
    assert len({answer.json()["ticket"]["id"] for answer in answers}) == len(fake.tickets) == 1
    other = {"ticket": body["ticket"] | {"subject": "T"}}
    answer = await http.post("/api/v2/tickets.json", json=other, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 400


async def test_update_limit_of_the_account(fake: FakeZendesk, http: httpx.AsyncClient, clock: Clock) -> None:
    """100 updates a minute, then 429 with the seconds to wait."""
    tickets = [ada(fake) for _ in range(4)]
    for number in range(100):
        assert (await put(http, tickets[number % 4], comment={"body": "x"})).status_code == 200
    answer = await put(http, tickets[0], comment={"body": "x"})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
    clock.advance(60)
    assert (await put(http, tickets[0], comment={"body": "x"})).status_code == 200


async def test_update_limit_of_one_ticket(fake: FakeZendesk, http: httpx.AsyncClient, clock: Clock) -> None:
    """30 updates of one ticket in ten minutes."""
    ticket = ada(fake)
    codes = [(await put(http, ticket, comment={"body": "x"})).status_code for _ in range(31)]
    assert codes == [200] * 30 + [429]
    clock.advance(600)
    assert (await put(http, ticket, comment={"body": "x"})).status_code == 200


async def test_job_takes_its_time(fake: FakeZendesk, http: httpx.AsyncClient) -> None:
    """A bulk update is queued, then working, then completed with its results."""
    ids = ",".join(str(ada(fake)) for _ in range(3))
    answer = await http.put(
        f"/api/v2/tickets/update_many.json?ids={ids}", json={"ticket": {"status": "open"}}
    )
    job = answer.json()["job_status"]
    seen = [job["status"]]
    while job["status"] != "completed":
        assert job["results"] is None
        job = (await http.get(f"/api/v2/job_statuses/{job['id']}.json")).json()["job_status"]
        seen.append(job["status"])
    assert seen == ["queued", "working", "completed"]
    assert [result["status"] for result in job["results"]] == ["Updated"] * 3


@pytest.mark.parametrize("ids", ["", "x", ",".join(str(number) for number in range(101))])
async def test_bulk_of_too_many(http: httpx.AsyncClient, ids: str) -> None:
    """At most a hundred at once."""
    change = {"ticket": {"status": "open"}}
    answer = await http.put(f"/api/v2/tickets/update_many.json?ids={ids}", json=change)
    assert answer.status_code == 400


async def test_export_hides_the_last_minute(fake: FakeZendesk, http: httpx.AsyncClient, clock: Clock) -> None:
    """A start within the last minute is refused, and a change within it not shown yet."""
    path = "/api/v2/incremental/tickets/cursor.json"
    start = int(clock().timestamp())
    ticket = ada(fake)
    assert (await http.get(path, params={"start_time": start})).status_code == 422
    clock.advance(59)
    assert (await http.get(path, params={"start_time": start - 60})).json()["tickets"] == []
    clock.advance(1)
    (shown,) = (await http.get(path, params={"start_time": start})).json()["tickets"]
    assert shown["id"] == ticket


async def test_webhooks_of_everything(fake: FakeZendesk, gateway: Gateway) -> None:
    """Every change is told, each kind by its own event."""
    ticket = ada(fake)
    fake.agent_take(ticket, "Grace")
    fake.agent_note(ticket, "Grace", "note")
    fake.agent_solve(ticket, "Grace")
    fake.customer_reply(ticket, "No")
    assert await fake.drain_webhooks() == 7
    assert gateway.kinds() == [
        "ticket.created",
        "ticket.status_changed",
        "ticket.agent_assignment_changed",
        "ticket.comment_added",
        "ticket.status_changed",
        "ticket.comment_added",
        "ticket.status_changed",
    ]


async def test_webhooks_reach_the_connector(world: ZendeskWorld, helpdesk: Zendesk) -> None:
    """What the fake signs the connector verifies; our own changes are marked as ours."""
    gateway = Gateway()
    world.fake.webhooks.deliver = gateway
    ticket = int(world.create_ticket("Cannot pay", "Cards", name="Ada", email="ada@customer.example"))
    world.fake.customer_reply(ticket, "Hello?")
    await helpdesk.check()
    await helpdesk.update([str(ticket)], NOTE, once="1")
    await helpdesk.update([str(ticket)], TicketChange(status=TicketStatus.SOLVED), once="2")
    await world.fake.drain_webhooks()
    told: list[TicketEvent] = []
    for headers, body in gateway.deliveries:
        events = helpdesk.events(helpdesk.verify(list(headers.items()), body, now=world.now()))
        told += [event for event in events if isinstance(event, TicketEvent)]
    assert len(gateway.deliveries) == 4
    news = [event for event in told if not event.by_us]
    assert [event.comment and event.comment.author for event in news] == [None, Author.CUSTOMER]
    assert len(told) == len(news) + 2


async def test_failed_delivery_is_tried_again(fake: FakeZendesk, gateway: Gateway) -> None:
    """A 503 is tried again, a bounded number of times; a 401 is not."""
    ada(fake)
    gateway.answers = [503, 0, 200]
    await fake.drain_webhooks()
    assert len(gateway.deliveries) == 3
    assert fake.webhooks.failed == []
    ada(fake)
    gateway.answers = [503, 429, 500]
    await fake.drain_webhooks()
    assert len(fake.webhooks.failed) == 1
    ada(fake)
    gateway.answers = [401]
    await fake.drain_webhooks()
    assert len(gateway.deliveries) == 7


async def test_duplicates_and_disorder(gateway: Gateway, clock: Clock) -> None:
    """On demand deliveries come twice and out of order, the same for the same seed."""
    orders = []
    for _ in range(2):
        gateway.deliveries.clear()
        fake = FakeZendesk(
            webhook_url=GATEWAY, deliver=gateway, duplicate_rate=0.5, shuffle=True, seed=7, clock=clock
        )
        for _ in range(50):
            ada(fake)
        await fake.drain_webhooks()
        orders.append(gateway.ids())
    counts = Counter(orders[0])
    assert len(counts) == 50
    assert set(counts.values()) == {1, 2}
    assert orders[0] == orders[1]
    subjects = [json.loads(body)["subject"] for _, body in gateway.deliveries]
    assert subjects != sorted(subjects)


async def test_background_sender(fake: FakeZendesk, gateway: Gateway) -> None:
    """The sandbox's task sends as things happen."""
    sender = asyncio.create_task(fake.send_webhooks())
    ada(fake)
    async with asyncio.timeout(5):
        await gateway.reached.wait()
    sender.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sender


async def test_storm(world: ZendeskWorld) -> None:
    """2,000 tickets, their webhooks and one bulk answer to all: seconds, not minutes."""
    gateway = Gateway()
    world.fake.webhooks.deliver = gateway
    zendesk = connect(world)
    started = time.perf_counter()
    ids = [
        world.create_ticket("Down", "It is down", name=f"C{n}", email=f"c{n}@customer.example")
        for n in range(2_000)
    ]
    await world.fake.drain_webhooks()
    assert len(await zendesk.read(ids)) == len(gateway.deliveries) == 2_000
    outcomes = await zendesk.update(ids, NOTE, once="1")
    await zendesk.aclose()
    assert {outcome.outcome.value for outcome in outcomes} == {"done"}
    assert time.perf_counter() - started < 20


async def test_armed_fault(fake: FakeZendesk, http: httpx.AsyncClient) -> None:
    """Faults stand before the app, so that drills need no access to it."""
    fake.faults.arm(FaultKind.OUTAGE, where="users/me")
    assert (await http.get("/api/v2/users/me.json")).status_code == 503
    assert (await http.get("/api/v2/users/me.json")).status_code == 200
