"""The connector on Debian's Request Tracker, its scrip included, and RT's own ways that the fake was made after."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pydantic import SecretStr

from connectors.requesttracker import RequestTracker, RequestTrackerSettings
from incidents.errors import NotAllowed
from incidents.events import TicketEvent
from incidents.models import (
    Author,
    ChangeOutcome,
    Contact,
    Departure,
    InternalText,
    PublicText,
    TicketChange,
    TicketStatus,
)
from tests.real.rt_server import (
    AGENT,
    AGENT_PASSWORD,
    BOT,
    BOT_PASSWORD,
    SECRET,
    RealRt,
    real_rt,
)

pytestmark = pytest.mark.real

ADA = "Ada Lovelace <ada@customer.example>"
GRACE = (AGENT, AGENT_PASSWORD)
REPLY = TicketChange(public_reply=PublicText("It works again. \u00e9 {{x}}"))
Call = tuple[list[tuple[str, str]], bytes]


@pytest.fixture(scope="module")
def calls() -> Iterator[tuple[str, list[Call]]]:
    """Where the scrip calls, and what it sent."""
    heard: list[Call] = []

    class Gateway(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            heard.append((list(self.headers.items()), body))
            self.send_response(202)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hooks/requesttracker/real", heard
    server.shutdown()


@pytest.fixture(scope="module")
def rt(tmp_path_factory: pytest.TempPathFactory, calls: tuple[str, list[Call]]) -> Iterator[RealRt]:
    with real_rt(tmp_path_factory.mktemp("rt"), calls[0]) as server:
        yield server


@pytest.fixture
async def helpdesk(rt: RealRt) -> AsyncIterator[RequestTracker]:
    connected = RequestTracker(
        "requesttracker/real",
        RequestTrackerSettings(
            base_url=rt.url,
            user=BOT,
            password=SecretStr(BOT_PASSWORD),
            signing_secrets=[SecretStr(SECRET)],
            queues=["General"],
            tag_field="Tags",
        ),
    )
    yield connected
    await connected.aclose()


async def test_a_ticket_from_its_first_word_to_its_end(rt: RealRt, helpdesk: RequestTracker) -> None:
    """Read, noted privately, answered once, known again, tagged, resolved: and resolved it stays."""
    assert "RT 5.0" in await helpdesk.check()
    number = rt.create("Cannot pay", ADA)
    (ticket,) = await helpdesk.read([number])
    assert (ticket.subject, ticket.body.strip()) == ("Cannot pay", "Every card is refused. \u00e9")
    assert (ticket.requester.name, ticket.requester.email) == ("Ada Lovelace", "ada@customer.example")
    note = TicketChange(private_note=InternalText("Part of INC-42."), add_tags=("liaison", "inc_42"))
    told = TicketChange(public_reply=REPLY.public_reply, status=TicketStatus.SOLVED)
    for change, once in ((note, "note"), (told, "told")):
        assert not await helpdesk.was_done(number, once)
        (outcome,) = await helpdesk.update([number], change, once=once)
        assert outcome.outcome is ChangeOutcome.DONE, outcome
        assert await helpdesk.was_done(number, once)
    (ticket,) = await helpdesk.read([number])
    assert (ticket.status, set(ticket.tags)) == (TicketStatus.SOLVED, {"liaison", "inc_42"})
    rt.call(
        "POST", f"ticket/{number}/comment", {"Content": "looks good", "ContentType": "text/plain"}, by=GRACE
    )
    said = await helpdesk.comments(ticket, ticket.created_at)
    assert [(one.author, one.is_public, one.text.strip()) for one in said] == [
        (Author.LIAISON, False, note.private_note),
        (Author.LIAISON, True, REPLY.public_reply),
        (Author.AGENT, False, "looks good"),
    ]
    # A reply alone opens a resolved ticket at RT; the connector leaves it as it was.
    (outcome,) = await helpdesk.update([number], REPLY, once="again")
    assert outcome.outcome is ChangeOutcome.DONE
    assert rt.call("GET", f"ticket/{number}").json()["Status"] == "resolved"
    kinds = [
        one["Type"]
        for one in rt.call("GET", f"ticket/{number}/history?fields=Type&per_page=100").json()["items"]
    ]
    assert (kinds.count("Correspond"), kinds.count("Comment")) == (2, 2)


async def test_a_ticket_opened_for_a_drill(rt: RealRt, helpdesk: RequestTracker) -> None:
    """It is the customer's, tagged from the beginning, and nobody of ours has said anything on it."""
    customer = Contact(id="", name="Ada, \u00c9xample", email="customer-1@example.org")
    number = await helpdesk.open_ticket(customer, "[drill 1] \u00e9", "It worked. \u00e9", tag="drill-1")
    (ticket,) = await helpdesk.read([number])
    assert (ticket.subject, ticket.body.strip(), ticket.tags) == (
        "[drill 1] \u00e9",
        "It worked. \u00e9",
        ("drill-1",),
    )
    assert (ticket.requester.name, ticket.requester.email) == (customer.name, customer.email)
    assert await helpdesk.comments(ticket, ticket.created_at) == []


async def test_polling_and_the_zone(rt: RealRt, helpdesk: RequestTracker) -> None:
    """A ticket is found by its own second and not an hour later; in another zone nothing is believed."""
    number = rt.create("Polled", ADA)
    (ticket,) = await helpdesk.read([number])
    assert number in {one.ref.id async for one in helpdesk.changed_since(ticket.updated_at)}
    assert [one async for one in helpdesk.changed_since(datetime.now(UTC) + timedelta(hours=1))] == []
    for zone in ("Europe/Berlin", "America/New_York"):
        rt.call("PUT", f"user/{BOT}", {"Timezone": zone})
        with pytest.raises(NotAllowed, match="time zone"):
            await helpdesk.check()
    rt.call("PUT", f"user/{BOT}", {"Timezone": "UTC"})
    await helpdesk.check()


async def test_merged_and_deleted(rt: RealRt, helpdesk: RequestTracker) -> None:
    """No change lands on another one's ticket, and none brings a deleted one back."""
    survivor, merged, deleted = (rt.create(name, ADA) for name in ("one", "two", "three"))
    rt.call("PUT", f"ticket/{merged}", {"MergeInto": int(survivor)})
    rt.call("PUT", f"ticket/{deleted}", {"Status": "deleted"})
    (found,) = await helpdesk.read([merged, deleted, "999999"])
    assert (found.ref.id, found.gone, found.merged_into) == (merged, Departure.MERGED, survivor)
    outcomes = await helpdesk.update([merged, deleted, "999999"], REPLY, once="gone")
    assert {one.outcome for one in outcomes} == {ChangeOutcome.GONE}
    assert not await helpdesk.was_done(survivor, "gone")
    assert rt.call("GET", f"ticket/{deleted}").json()["Status"] == "deleted"


async def test_what_the_scrip_tells(
    rt: RealRt, helpdesk: RequestTracker, calls: tuple[str, list[Call]]
) -> None:
    """Its signature holds, its ticket can be read at once, and our own changes are known as ours."""
    _, heard = calls
    heard.clear()
    number = rt.create("Told", ADA)
    rt.call("POST", f"ticket/{number}/correspond", {"Content": "hm", "ContentType": "text/plain"}, by=GRACE)
    events = [
        event
        for headers, body in heard
        for event in helpdesk.events(helpdesk.verify(headers, body, now=datetime.now(UTC)))
    ]
    assert {event.ref.id for event in events if isinstance(event, TicketEvent)} == {number}
    assert any(isinstance(event, TicketEvent) and event.comments_to_read for event in events)
    assert not any(b"Told" in body or b"hm" in body for _, body in heard)
    heard.clear()
    await helpdesk.update([number], TicketChange(private_note=InternalText("ours")), once="ours")
    assert len(heard) == 1
    headers, body = heard[0]
    (ours,) = helpdesk.events(helpdesk.verify(headers, body, now=datetime.now(UTC)))
    assert isinstance(ours, TicketEvent)
    assert ours.by_us


def test_rts_own_ways(rt: RealRt) -> None:
    """What the fake does as RT does it: success that changes nothing, 500 that does, and totals that are not told."""
    number = rt.create("Ways", ADA)
    bogus = rt.call("PUT", f"ticket/{number}", {"Status": "bogus"})
    assert (bogus.status_code, "isn't a valid status" in bogus.text) == (200, True)
    assert rt.call("PUT", f"ticket/{number}", {"status": "open"}).json() == []
    assert rt.call("POST", f"ticket/{number}/comment", {"Content": "x"}).status_code == 400
    assert rt.call("POST", f"ticket/{number}/comment", {"Content": ""}).status_code == 201
    assert rt.call("GET", "queue/Nope", by=(BOT, BOT_PASSWORD)).status_code == 403
    words = {"Content": "stored", "ContentType": "text/plain", "Cc": "not an address"}
    assert rt.call("POST", f"ticket/{number}/correspond", words).status_code == 500
    path = f"ticket/{number}/history?fields=Type&per_page=1000"
    everything = rt.call("GET", path).json()
    assert "Correspond" in [one["Type"] for one in everything["items"]]
    assert everything["per_page"] == 100
    shown = rt.call("GET", path, by=(BOT, BOT_PASSWORD)).json()
    assert (shown["total"], shown["pages"]) == (None, None)
    assert len(shown["items"]) < everything["total"]
