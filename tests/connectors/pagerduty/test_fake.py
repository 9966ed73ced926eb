"""The fake keeps PagerDuty's documented rules; else what passes on it would prove nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import httpx
import pytest

from connectors.kit.fakes.faults import FaultKind
from connectors.kit.fakes.in_process import InProcessTransport
from connectors.pagerduty import PagerDuty
from connectors.pagerduty.fake.app import (
    API_TOKEN,
    ROUTING_KEY,
    FakePagerDuty,
)
from incidents.events import (
    PageChange,
    PageEvent,
    Ping,
)
from tests.connectors.pagerduty.conftest import connect
from tests.contracts.noted_pages import NotedPagesContract, NotedRig
from tests.contracts.pager import KEY, PAGE
from tests.contracts.webhook_source import FIRST

NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)


class Receiver:
    """Where the fake's webhooks arrive; answers from a script, then 202."""

    def __init__(self, *answers: int | Exception) -> None:
        self.answers = list(answers)
        self.received: list[tuple[dict[str, str], bytes]] = []

    async def __call__(self, url: str, headers: dict[str, str], body: bytes) -> int:
        self.received.append((headers, body))
        answer = self.answers.pop(0) if self.answers else 202
        if isinstance(answer, Exception):
            raise answer
        return answer

    def read(self, pagerduty: PagerDuty) -> Sequence[PageEvent]:
        """What arrived, verified and understood by the connector."""
        events = []
        for headers, body in self.received:
            (event,) = pagerduty.events(pagerduty.verify(list(headers.items()), body, now=NOW))
            assert isinstance(event, PageEvent)
            events.append(event)
        return events


def subscribed(receiver: Receiver, **options: object) -> FakePagerDuty:
    return FakePagerDuty(
        webhook_url="https://liaison.example.com/hooks/pagerduty",
        deliver=receiver,
        signing_secrets=[FIRST.decode()],
        retry_delays=(0.0, 0.0),
        **options,  # type: ignore[arg-type]
    )


async def test_story_in_webhooks() -> None:
    """A page's life comes in order, signed, with our own doings marked as echoes."""
    receiver = Receiver()
    fake = subscribed(receiver)
    pagerduty = connect(fake, routing_keys={})
    await pagerduty.page(PAGE, once=KEY)
    page_id = fake.incidents[0].id
    fake.acknowledge(page_id, by="Jane Doe")
    await pagerduty.add_note(KEY, "12 customers wait", once="note")
    fake.add_note(page_id, "Jane Doe", "rolling back")
    fake.unacknowledge(page_id)
    fake.reassign(page_id, to="Omar Haddad")
    await pagerduty.resolve(KEY, once="resolve")
    fake.reopen(page_id, by="Omar Haddad")
    await fake.settle()
    assert [(event.change, event.actor, event.text, event.by_us) for event in receiver.read(pagerduty)] == [
        (PageChange.TRIGGERED, "Events API V2", "", True),
        (PageChange.ACKNOWLEDGED, "Jane Doe", "", False),
        (PageChange.NOTED, "Liaison Bot", "12 customers wait", True),
        (PageChange.NOTED, "Jane Doe", "rolling back", False),
        (PageChange.UNACKNOWLEDGED, "", "", False),
        (PageChange.REASSIGNED, "Jane Doe", "Omar Haddad", False),
        (PageChange.RESOLVED, "Events API V2", "", True),
        (PageChange.REOPENED, "Omar Haddad", "", False),
    ]
    assert [page.person for page in fake.pages] == ["Jane Doe", "Jane Doe", "Omar Haddad"]


async def test_merge_in_webhooks() -> None:
    """A merge is told as the vendor tells it, and the connector sees through it."""
    receiver = Receiver()
    fake = subscribed(receiver)
    pagerduty = connect(fake, routing_keys={})
    await pagerduty.page(PAGE, once="a")
    await pagerduty.page(PAGE, once="b")
    fake.merge(fake.incidents[1].id, into=fake.incidents[0].id)
    await fake.settle()
    assert receiver.read(pagerduty)[-1].change is PageChange.MERGED


async def test_ping_button() -> None:
    """The subscription's test is delivered, signed like any event."""
    receiver = Receiver()
    fake = subscribed(receiver)
    fake.ping()
    await fake.settle()
    ((headers, body),) = receiver.received
    pagerduty = connect(fake)
    verified = pagerduty.verify(list(headers.items()), body, now=NOW)
    assert pagerduty.events(verified) == (Ping(connection="pagerduty/main"),)


@pytest.mark.parametrize("answer", [500, 503, 429, httpx.ConnectError("down")])
async def test_webhook_is_tried_again(answer: int | Exception) -> None:
    """What may pass is tried again with the same bytes and the same X-Webhook-Id."""
    receiver = Receiver(answer)
    fake = subscribed(receiver)
    fake.ping()
    await fake.settle()
    first, second = receiver.received
    assert first == second
    assert not fake.subscription.is_disabled


async def test_refused_webhooks_are_dropped_and_then_disabled() -> None:
    """4xx loses the event at once; three in a row silence the subscription, queue and all."""
    receiver = Receiver(401, 404, 400)
    fake = subscribed(receiver)
    for _ in range(5):
        fake.ping()
    await fake.settle()
    assert [delivery.status for delivery in fake.subscription.deliveries] == [401, 404, 400]
    assert fake.subscription.is_disabled


async def test_success_between_drops_keeps_the_subscription() -> None:
    """Only consecutive drops disable it."""
    receiver = Receiver(400, 400, 202, 400, 400)
    fake = subscribed(receiver)
    for _ in range(6):
        fake.ping()
    await fake.settle()
    assert len(receiver.received) == 6
    assert not fake.subscription.is_disabled


async def test_duplicates_and_disorder_on_demand() -> None:
    """A drill can have each webhook twice and the newest first."""
    receiver = Receiver()
    fake = subscribed(receiver)
    pagerduty = connect(fake, routing_keys={})
    await pagerduty.page(PAGE, once=KEY)
    await fake.settle()
    receiver.received.clear()
    fake.subscription.duplicates = fake.subscription.shuffles = True
    fake.acknowledge(fake.incidents[0].id)
    fake.resolve(fake.incidents[0].id)
    await fake.settle()
    assert [event.change for event in receiver.read(pagerduty)] == [
        PageChange.RESOLVED,
        PageChange.RESOLVED,
        PageChange.ACKNOWLEDGED,
        PageChange.ACKNOWLEDGED,
    ]


def test_acting_outside_the_event_loop_waits() -> None:
    """A demo script may act from plain code; the webhook waits for the loop."""
    fake = subscribed(Receiver())
    fake.ping()
    assert not fake.subscription.deliveries


def an_event(**changes: object) -> dict[str, object]:
    payload = {"summary": "s", "source": "checkout", "severity": "error"}
    return {
        "routing_key": ROUTING_KEY,
        "event_action": "trigger",
        "dedup_key": "k",
        "payload": payload,
    } | changes


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (an_event(), 202),
        (an_event(dedup_key=""), 202),
        (an_event(routing_key="0" * 32), 400),
        (an_event(event_action="page"), 400),
        (an_event(event_action="resolve", dedup_key=""), 400),
        (an_event(dedup_key="k" * 256), 400),
        (an_event(payload={"summary": "s" * 1025, "source": "c", "severity": "error"}), 400),
        (an_event(payload={"summary": "s", "source": "c", "severity": "sev1"}), 400),
        (an_event(payload={"summary": "s", "severity": "error"}), 400),
        ({"event_action": "trigger"}, 400),
    ],
)
async def test_events_api_is_as_strict_as_the_real_one(event: dict[str, object], status: int) -> None:
    """Documented limits and required fields are kept, so that the connector's cutting is really tested."""
    async with httpx.AsyncClient(transport=InProcessTransport(FakePagerDuty().app)) as client:
        answer = await client.post("https://events.pagerduty.com/v2/enqueue", json=event)
        assert answer.status_code == status
        assert bool(answer.json().get("dedup_key")) is (status == 202)


async def test_rest_api_headers_and_guards() -> None:
    """The REST API wants its token, a known user for a note, and counts every call."""
    fake = FakePagerDuty(requests_a_minute=5)
    token = {"Authorization": f"Token token={API_TOKEN}"}
    async with httpx.AsyncClient(
        transport=InProcessTransport(fake.app), base_url="https://api.pagerduty.com"
    ) as client:
        await client.post("/v2/enqueue", json=an_event())
        assert (await client.get("/incidents")).status_code == 401
        assert (await client.get("/incidents", headers=token)).headers["ratelimit-remaining"] == "4"
        assert (await client.get("/incidents/P404", headers=token)).status_code == 404
        note = {"note": {"content": "n"}}
        for email, status in (("nobody@example.com", 400), ("jane@example.com", 201)):
            answer = await client.post("/incidents/PINC1/notes", json=note, headers=token | {"From": email})
            assert answer.status_code == status
        fake.faults.arm(FaultKind.OUTAGE)
        assert (await client.get("/incidents", headers=token)).status_code == 503


class TestPagerDutyShowsNotes(NotedPagesContract):
    @pytest.fixture
    def rig(self) -> NotedRig:
        receiver = Receiver()
        fake = subscribed(receiver)
        pagerduty = connect(fake, routing_keys={})

        async def told() -> Sequence[PageEvent]:
            await fake.settle()
            return [event for event in receiver.read(pagerduty) if event.change is PageChange.NOTED]

        return NotedRig(
            pager=pagerduty,
            write=lambda text: fake.add_note(fake.incidents[-1].id, "Jane Doe", text),
            told=told,
        )
