"""Calendars as rotas: exact across clock changes, whoever wrote them; one that is away serves on by its last copy."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from starlette.types import Receive, Scope, Send

from connectors.kit.fakes.faults import FaultKind, Faults, FaultyApp
from connectors.kit.fakes.loopback import serving
from connectors.roster.feeds import CalendarTurns, turns_of
from incidents.errors import Unrecognised
from incidents.rotas.rota import Responder
from tests.connectors.roster.world import RosterWorld, roster_of_policy
from tests.contracts.pager import PAGE

BERLIN = ZoneInfo("Europe/Berlin")
PEOPLE = {
    "ana": Responder(key="ana", name="Ana Silva", ways=()),
    "bo": Responder(key="bo", name="Bo Berg", ways=(), known_as=("bo@acme.example",)),
}
WINDOWS_ZONE = """\
BEGIN:VTIMEZONE
TZID:Our own clock
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
"""


def calendar(*events: str, before: str = "") -> str:
    made = "".join(
        f"BEGIN:VEVENT\nUID:{number}@example\nDTSTAMP:20260101T000000Z\n{event}\nEND:VEVENT\n"
        for number, event in enumerate(events)
    )
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//example//EN\n{before}{made}END:VCALENDAR\n"
    return text.replace("\n", "\r\n")


def read(content: str, begin: str, end: str) -> CalendarTurns:
    return turns_of(
        content,
        BERLIN,
        PEOPLE,
        begin=datetime.fromisoformat(begin).replace(tzinfo=UTC),
        end=datetime.fromisoformat(end).replace(tzinfo=UTC),
    )


def told(content: str, begin: str, end: str) -> list[tuple[str, str, str]]:
    return [
        (f"{one.start:%m-%dT%H:%M}", f"{one.end:%m-%dT%H:%M}", one.person)
        for one in read(content, begin, end).turns
    ]


SPRING = ("2026-03-24", "2026-04-05")
AUTUMN = ("2026-10-20", "2026-11-01")
WEEKS_IN_SPRING = [("03-23T08:00", "03-30T07:00", "ana"), ("03-30T07:00", "04-06T07:00", "ana")]
WEEKS_IN_AUTUMN = [("10-19T07:00", "10-26T08:00", "ana"), ("10-26T08:00", "11-02T08:00", "ana")]


@pytest.mark.parametrize(
    ("event", "before", "window", "expected"),
    [
        pytest.param(
            "SUMMARY:Ana Silva\nDTSTART;TZID=Europe/Berlin:20260302T090000\n"
            "DTEND;TZID=Europe/Berlin:20260309T090000\nRRULE:FREQ=WEEKLY",
            "", SPRING, WEEKS_IN_SPRING, id="Monday 09:00 to Monday 09:00, spring",
        ),
        pytest.param(
            "SUMMARY:Ana Silva\nDTSTART;TZID=Europe/Berlin:20261005T090000\n"
            "DTEND;TZID=Europe/Berlin:20261012T090000\nRRULE:FREQ=WEEKLY",
            "", AUTUMN, WEEKS_IN_AUTUMN, id="autumn",
        ),
        pytest.param(
            "SUMMARY:Ana Silva\nDTSTART;TZID=Europe/Berlin:20260302T090000\nDURATION:P7D\nRRULE:FREQ=WEEKLY",
            "", SPRING, WEEKS_IN_SPRING, id="seven days are seven on the wall",
        ),
        pytest.param(
            "SUMMARY:Ana Silva\nDTSTART;TZID=Our own clock:20261005T090000\n"
            "DTEND;TZID=Our own clock:20261012T090000\nRRULE:FREQ=WEEKLY",
            WINDOWS_ZONE, AUTUMN, WEEKS_IN_AUTUMN, id="a zone that the calendar describes itself",
        ),
        pytest.param(
            "SUMMARY:Ana Silva\nDTSTART;TZID=Europe/Berlin:20260328T220000\nDURATION:PT8H",
            "", SPRING, [("03-28T21:00", "03-29T05:00", "ana")], id="eight hours are eight that pass, spring",
        ),
        pytest.param(
            "SUMMARY:Ana Silva\nDTSTART;TZID=Europe/Berlin:20261023T220000\nDURATION:PT8H\nRRULE:FREQ=DAILY;COUNT=3",
            "", AUTUMN,
            [
                ("10-23T20:00", "10-24T04:00", "ana"),
                ("10-24T20:00", "10-25T04:00", "ana"),
                ("10-25T21:00", "10-26T05:00", "ana"),
            ],
            id="autumn, each night",
        ),
        pytest.param(
            "SUMMARY:Ana Silva\nDTSTART;VALUE=DATE:20260328\nDTEND;VALUE=DATE:20260330",
            "", SPRING, [("03-27T23:00", "03-29T22:00", "ana")], id="whole days are the rota's days",
        ),
        pytest.param(
            "SUMMARY:Ana Silva\nDTSTART:20260328T090000\nDTEND:20260330T090000",
            "", SPRING, [("03-28T08:00", "03-30T07:00", "ana")], id="floating times are by the rota's clock",
        ),
        pytest.param(
            "SUMMARY:Ana Silva\nDTSTART:20260328T080000Z\nDTEND:20260330T080000Z",
            "", SPRING, [("03-28T08:00", "03-30T08:00", "ana")], id="UTC is UTC",
        ),
        pytest.param(
            "SUMMARY:Ana Silva\nDTSTART;TZID=Europe/Berlin:20260328T023000\n"
            "DTEND;TZID=Europe/Berlin:20260328T053000\nRRULE:FREQ=DAILY;COUNT=3",
            "", SPRING,
            [
                ("03-28T01:30", "03-28T04:30", "ana"),
                ("03-29T01:00", "03-29T03:30", "ana"),
                ("03-30T00:30", "03-30T03:30", "ana"),
            ],
            id="a start that the clock skips is when it jumps",
        ),
    ],
)  # fmt: skip
def test_hours(event: str, before: str, window: tuple[str, str], expected: list[tuple[str, str, str]]):
    assert told(calendar(event, before=before), *window) == expected


WHEN = "DTSTART:20261110T080000Z\nDTEND:20261110T160000Z"


@pytest.mark.parametrize(
    ("who", "person"),
    [
        ("SUMMARY:ana", "ana"),
        ("SUMMARY:  ANA SILVA ", "ana"),
        ("SUMMARY:On call: Ana Silva - Payments", "ana"),
        ("SUMMARY:bo@acme.example", "bo"),
        ("SUMMARY:On call\nATTENDEE;CN=Bo Berg:mailto:someone@acme.example", "bo"),
        ("SUMMARY:On call\nATTENDEE:mailto:BO@acme.example", "bo"),
        ("SUMMARY:Ana Silva or Bo Berg", None),
        ("SUMMARY:Anabel", None),
        ("SUMMARY:Cy", None),
        ("DESCRIPTION:no summary", None),
    ],
)
def test_whose_turn_it_is(who: str, person: str | None):
    found = read(calendar(f"{who}\n{WHEN}"), "2026-11-09", "2026-11-12")
    assert [one.person for one in found.turns] == ([] if person is None else [person])
    assert bool(found.strangers) == (person is None)


def test_two_at_once():
    found = read(
        calendar(
            f"SUMMARY:Ana Silva\n{WHEN}", "SUMMARY:Bo\nDTSTART:20261110T120000Z\nDTEND:20261110T180000Z"
        ),
        "2026-11-09",
        "2026-11-12",
    )
    assert found.overlaps == (
        (datetime(2026, 11, 10, 12, tzinfo=UTC), datetime(2026, 11, 10, 16, tzinfo=UTC)),
    )


def test_an_exception_from_the_rule():
    """One week is Bo's, and one is nobody's."""
    base = "SUMMARY:Ana Silva\nDTSTART:20261102T080000Z\nDTEND:20261109T080000Z\n"
    first = f"{base}RRULE:FREQ=WEEKLY;COUNT=4\nEXDATE:20261116T080000Z".replace("UID:0", "UID:x")
    text = calendar(first)
    swapped = (
        "BEGIN:VEVENT\r\nUID:0@example\r\nRECURRENCE-ID:20261109T080000Z\r\nSUMMARY:Bo Berg\r\n"
        "DTSTART:20261109T080000Z\r\nDTEND:20261116T080000Z\r\nEND:VEVENT\r\nEND:VCALENDAR"
    )
    found = told(text.replace("END:VCALENDAR", swapped), "2026-11-01", "2026-12-20")
    assert [(start[:5], person) for start, _, person in found] == [
        ("11-02", "ana"),
        ("11-09", "bo"),
        ("11-23", "ana"),
    ]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "hello",
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:yesterday\r\nEND:VEVENT\r\nEND:VCALENDAR",
        calendar("SUMMARY:Ana\nDTSTART:20261102T080000Z\nDURATION:PT1H\nRRULE:FREQ=HOURLY"),
        calendar("SUMMARY:Ana\nDTSTART:20261102T080000Z\nDTEND:20261103T080000Z\nRRULE:FREQ=SOMETIMES"),
    ],
)
def test_no_calendar_for_a_rota(content: str):
    with pytest.raises(Unrecognised):
        read(content, "2026-11-01", "2026-11-20")


class CalendarServer:
    """One calendar, which can be changed and can be away."""

    def __init__(self) -> None:
        self.content = calendar("SUMMARY:Bo Berg\nDTSTART:20261102T000000Z\nDTEND:20261109T000000Z")
        self.faults = Faults()
        self.app = FaultyApp(self._serve, self.faults)
        self.address = ""

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = self.content.encode()
        headers = [(b"content-type", b"text/calendar"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


@pytest.fixture
async def server() -> AsyncIterator[CalendarServer]:
    server = CalendarServer()
    async with serving(server.app) as address:
        server.address = f"{address}/secret-token/rota.ics"
        yield server


@pytest.fixture
def fed(world: RosterWorld) -> RosterWorld:
    """The rota is kept in a calendar alone."""
    world.roster = roster_of_policy({"rotas": {"payments": {"timezone": "Europe/Berlin", "feed": "team"}}})
    return world


async def test_a_page_by_a_calendar(fed: RosterWorld, server: CalendarServer):
    """Read for the first page where it never was before."""
    await fed.pager(feeds={"team": server.address}).page(PAGE, once="p")
    assert fed.woken == ["bo"]


async def test_a_calendar_that_is_away(fed: RosterWorld, server: CalendarServer):
    """The last good copy serves on, its age is told, and its address, which is a secret, is not."""
    pager = fed.pager(feeds={"team": server.address})
    await pager.refresh_feeds()
    fed.clock.pass_by(hours=5)
    server.faults.arm(FaultKind.OUTAGE, times=None)
    said = await pager.check()
    assert "calendar 'team' of rota 'payments' is away (calendar GET (its address): HTTP 503)" in said
    assert "its copy of 5 h 00 min ago serves on" in said
    assert "secret-token" not in said
    await pager.page(PAGE, once="p")
    assert fed.woken == ["bo"]
    server.faults.clear()
    server.content = calendar("SUMMARY:Ana Silva\nDTSTART:20261102T000000Z\nDTEND:20261109T000000Z")
    fed.clock.pass_by(minutes=16)
    await pager.refresh_feeds()
    await pager.page(PAGE, once="q")
    assert fed.woken == ["bo", "ana"]


async def test_a_login_page_is_no_calendar(fed: RosterWorld, server: CalendarServer):
    """What is answered in its place does not take the place of the copy."""
    pager = fed.pager(feeds={"team": server.address})
    await pager.refresh_feeds()
    server.faults.arm(FaultKind.HTML, times=None)
    fed.clock.pass_by(hours=1)
    assert "HTTP 200 but not what was asked for (text/html)" in await pager.check()
    assert await pager.obstacle("payments") == ""


async def test_a_calendar_that_never_answered(fed: RosterWorld, server: CalendarServer):
    server.faults.arm(FaultKind.MISSING, times=None)
    pager = fed.pager(feeds={"team": server.address})
    await pager.page(PAGE, once="p")
    assert fed.woken == []
    assert (await pager.obstacle("payments")).startswith("nobody is on call in rota 'payments'")
    assert (
        "calendar 'team' of rota 'payments' was never read: calendar GET (its address)" in await pager.check()
    )


async def test_not_asked_too_often(fed: RosterWorld, server: CalendarServer):
    pager = fed.pager(feeds={"team": server.address})
    await pager.refresh_feeds()
    server.content = calendar()
    fed.clock.pass_by(minutes=14)
    await pager.refresh_feeds()
    assert "Bo" in (await fed.desk.feeds())["team"].content


async def test_strangers_and_overlaps_are_told(fed: RosterWorld, server: CalendarServer):
    server.content = calendar(
        "SUMMARY:Bo Berg\nDTSTART:20261102T000000Z\nDTEND:20261109T000000Z",
        "SUMMARY:Ana Silva\nDTSTART:20261108T000000Z\nDTEND:20261110T000000Z",
        "SUMMARY:Zed\nDTSTART:20261110T000000Z\nDTEND:20261111T000000Z",
    )
    said = await fed.pager(feeds={"team": server.address}).check()
    assert "has 'Zed', who is nobody of the policy; add it to somebody's known_as" in said
    assert "has two people at once from Sun 2026-11-08 01:00 to Mon 2026-11-09 01:00 (Europe/Berlin)" in said
    assert "rota 'payments' has a gap: nobody is on call from Tue 2026-11-10 01:00" in said


async def test_a_feed_that_the_block_has_not(fed: RosterWorld):
    with pytest.raises(Exception, match="calendar 'team', which the block has not under feeds"):
        await fed.pager().check()
