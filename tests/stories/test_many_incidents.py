"""Many incidents at once: the worst is paged first, none waits for another one's vendor, and nobody's answer waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from prefect import flow
from sqlalchemy import insert, text
from starlette.types import ASGIApp, Receive, Scope, Send

from connectors.http.fake.app import Health
from connectors.kit.fakes.faults import FaultKind
from flows.following.drain import drain
from flows.following.follow import Followers
from flows.following.line import Line, Urgency
from flows.validation import validation
from incidents.errors import Busy, NotFound
from incidents.events import Lane
from incidents.models import IncidentState, Severity
from incidents.store.inbox.inbox import settle_deliveries
from incidents.store.schema.tables import deliveries
from tasks import resources
from tasks.deliver.late_pages import send_late_pages
from tasks.stages.commit_intake import commit_intake
from tasks.stages.drain import Chunk, read_chunk, take_lane
from tasks.stages.replies import NO_REPLIES
from tests.incidents.builders import an_incident
from tests.stories.conftest import Door
from tests.stories.installation import Installation
from tests.stories.test_crashes import tickets_of

SERVICES = ["lifts", "heating", "water", "light"]
SEVERITY = {"lifts": 3, "heating": 2, "water": 1, "light": 4}
PATIENCE = 90.0
LONG = 3600.0
EVENTS = "/v2/enqueue"


def _a_city(liaison: Installation) -> None:
    """Services of one team, of different severity, all of them failing."""
    liaison.write_policy(
        {
            "services": {
                name: {
                    "title": name,
                    "team": "platform",
                    "severity": SEVERITY[name],
                    "probes": ["http/search"],
                }
                for name in SERVICES
            },
            "routing": [{"service": name, "any_tag": [name]} for name in SERVICES],
        }
    )
    liaison.world.search.health = Health.ERROR


def _write(liaison: Installation, service: str) -> None:
    liaison.world.zendesk.create_ticket("Ada", "ada@mail.example", f"{service}?", "It is broken.", (service,))


async def _taken_in(liaison: Installation) -> tuple[int, ...]:
    """The incidents of what was written, opened and not yet followed."""
    await liaison.hear()
    fence = await take_lane(Lane.INTAKE)
    assert fence is not None
    chunk = await read_chunk(Lane.INTAKE, fence)
    return (await commit_intake(fence, chunk, await tickets_of(chunk), NO_REPLIES)).incidents


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 - what is waited for happens on this very loop
            await asyncio.sleep(0)


@flow
async def _followed(incidents: tuple[int, ...], at_once: int) -> None:
    """All of them ask for the only place before it is free."""
    line = Line(places=1, kept_free=0, patience=PATIENCE)
    followers = Followers(line=line, at_once=at_once)
    async with line.place(Urgency.CHECK, an_incident()):
        followers.start(incidents)
        await _until(lambda: line.waiting == len(incidents))
    await followers.finish()


async def _story(liaison: Installation, kind: str) -> list[tuple[str, str]]:
    """Service and run of each entry of a kind, in the order in which they were written."""
    async with liaison.database.transaction() as tx:
        rows = await tx.execute(
            text(
                "select i.service, t.run_id from timeline t join incidents i on i.id = t.incident_id"
                " where t.kind = :kind order by t.id"
            ),
            {"kind": kind},
        )
        return [(row.service, row.run_id) for row in rows]


async def test_the_worst_is_paged_first_and_before_the_last_is_looked_at(liaison: Installation):
    """Depth first: breadth first, a hundred incidents were confirmed before the first of them was paged."""
    _a_city(liaison)
    for service in SERVICES:
        _write(liaison, service)
    await _followed(await _taken_in(liaison), at_once=1)

    worst_first = ["water", "heating", "lifts", "light"]
    assert [service for service, _ in await _story(liaison, "escalated")] == worst_first
    async with liaison.database.transaction() as tx:
        order = list((await tx.execute(text("select kind from timeline order by id"))).scalars())
    assert order.index("escalated") < len(order) - 1 - order[::-1].index("verdict")
    assert len(liaison.world.pagerduty.pages) == 4


async def test_those_that_wait_for_the_same_stage_share_its_run(liaison: Installation):
    """Each still has its own verdict, page and story."""
    _a_city(liaison)
    for service in SERVICES:
        _write(liaison, service)
    await _followed(await _taken_in(liaison), at_once=10)

    verdicts = await _story(liaison, "verdict")
    assert sorted(service for service, _ in verdicts) == sorted(SERVICES)
    assert len({run for _, run in verdicts}) == 1
    assert len(liaison.world.pagerduty.pages) == 4
    assert {incident.state for incident in await liaison.incidents()} == {IncidentState.ESCALATED}


async def test_one_that_cannot_be_judged_keeps_the_others_from_nothing(liaison: Installation):
    _a_city(liaison)
    for service in SERVICES[:2]:
        _write(liaison, service)
    await _taken_in(liaison)
    with pytest.raises(NotFound, match="there is no INC-99"):
        await validation("INC-1, INC-99, INC-2")
    assert [incident.state for incident in await liaison.incidents()] == [IncidentState.CONFIRMED] * 2


async def test_an_answer_is_followed_in_the_middle_of_a_storm(liaison: Installation):
    """Every place in the line is taken by new incidents, and an engineer takes his page."""
    (ticket,) = await liaison.escalated(1)
    liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")
    line, is_over = resources.kept(Line), asyncio.Event()

    async def keep(number: int) -> None:
        one = replace(an_incident(), id=number, severity=Severity.CRITICAL)
        async with line.place(Urgency.CHECK, one):
            await is_over.wait()

    storm = [asyncio.create_task(keep(number)) for number in range(100, 200)]
    await _until(lambda: line.waiting > 0)
    async with asyncio.timeout(PATIENCE):
        await liaison.sync()
    assert line.waiting > 0, "the storm goes on"
    assert (await liaison.incident()).state is IncidentState.ACKNOWLEDGED
    assert "Jane Doe is on it" in liaison.notes(ticket)
    is_over.set()
    await asyncio.gather(*storm)


class _Silent:
    """A vendor that takes every call and answers none before it is told to."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.calls = 0
        self.answers = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.calls += 1
        await self.answers.wait()
        await self._app(scope, receive, send)


@pytest.mark.parametrize("vendor", ["slack", "zendesk"])
async def test_a_vendor_that_does_not_answer_holds_up_no_page(
    liaison: Installation, doors: Mapping[str, Door], vendor: str
):
    """Rooms cannot be opened, or notes cannot be written: engineers are woken all the same, of every incident."""
    _a_city(liaison)
    for service in SERVICES:
        _write(liaison, service)
    incidents = await _taken_in(liaison)
    app = doors[vendor].app
    assert app is not None
    silent = doors[vendor].app = _Silent(app)
    following = asyncio.create_task(_followed(incidents, at_once=1))
    try:
        await _until(lambda: len(liaison.world.pagerduty.pages) == 4 and silent.calls > 0)
        assert not following.done()
    finally:
        silent.answers.set()
        await following
        doors[vendor].app = app


@flow
async def _followed_beside(incidents: tuple[int, ...]) -> None:
    """The only place is held, for ever, by somebody who tells a vendor that does not answer."""
    line, answers = Line(places=1, kept_free=0, patience=LONG), asyncio.Event()

    async def tell() -> None:
        async with line.place(Urgency.REST, an_incident()):
            await answers.wait()

    telling = asyncio.create_task(tell())
    await _until(lambda: line.taken == 1)
    followers = Followers(line=line, at_once=1)
    followers.start(incidents)
    try:
        async with asyncio.timeout(PATIENCE):
            await followers.finish()
    finally:
        answers.set()
        await telling


async def test_pages_of_later_incidents_do_not_wait_for_a_slow_vendor(liaison: Installation):
    """Who comes when every place is held by those who wait for a vendor is looked at and paged all the same."""
    _a_city(liaison)
    _write(liaison, SERVICES[0])
    await _followed_beside(await _taken_in(liaison))
    assert len(liaison.world.pagerduty.pages) == 1


@flow
async def _followed_in_a_crowd(liaison: Installation, incidents: tuple[int, ...], pages: int) -> None:
    """More pressing incidents have the only place from when it is first given up, for as long as it takes."""

    async def pass_time(seconds: float) -> None:
        await liaison.let_pass(timedelta(seconds=seconds))

    line, is_over = Line(places=1, kept_free=0, patience=LONG), asyncio.Event()
    followers = Followers(
        line=line, send_late=partial(send_late_pages, longest=timedelta(minutes=1), sleep=pass_time)
    )

    async def press() -> None:
        async with line.place(Urgency.CLOSE, an_incident()):
            await is_over.wait()

    async with line.place(Urgency.CHECK, an_incident()):
        followers.start(incidents)
        crowd = asyncio.create_task(press())
        await _until(lambda: line.waiting == len(incidents) + 1)
    try:
        await _until(lambda: len(liaison.world.pagerduty.pages) == pages)
        assert line.taken == 1, "the crowd is still there"
    finally:
        is_over.set()
        await followers.finish()
        await crowd


async def test_a_page_that_the_pager_puts_off_waits_for_no_crowd(liaison: Installation):
    """The rest of its stage lets everybody pass who presses more; the engineer is woken when the pager said."""
    _a_city(liaison)
    _write(liaison, "water")
    liaison.world.pagerduty.faults.arm(FaultKind.RATE_LIMIT, where=EVENTS, seconds=30)
    await _followed_in_a_crowd(liaison, await _taken_in(liaison), pages=1)


async def test_a_page_that_lay_about_waits_for_no_crowd(liaison: Installation):
    """As `recover` finds it: the run that planned it is gone."""
    liaison.world.pagerduty.faults.arm(FaultKind.RATE_LIMIT, where=EVENTS, seconds=30)
    await liaison.escalated()
    assert liaison.world.pagerduty.pages == []
    await liaison.let_pass(timedelta(seconds=31))
    await _followed_in_a_crowd(liaison, (1,), pages=1)


async def test_a_helpdesk_that_cannot_be_read_keeps_no_other_waiting(liaison: Installation):
    """Each connection of a lane is drained on its own; the one that failed fails the drain at its end."""
    async with liaison.database.transaction() as tx:
        for connection in ("zendesk/one", "zendesk/other"):
            values = {"lane": Lane.INTAKE.value, "identity": connection, "headers": [], "body": b"{}"}
            await tx.execute(insert(deliveries).values(connection=connection, **values))
        rows = await tx.execute(text("select id, connection from deliveries"))
        connection_of = {row.id: row.connection for row in rows}
    handled: list[str] = []
    is_other_handled = asyncio.Event()
    fence = await take_lane(Lane.INTAKE)
    assert fence is not None

    async def handle(chunk: Chunk) -> None:
        # Nobody has saved these connections, so what came through them is parked.
        ((number, _),) = chunk.parked
        if connection_of[number] == "zendesk/one":
            await is_other_handled.wait()
            raise TimeoutError("no answer from one")
        async with liaison.database.transaction() as tx:
            await settle_deliveries(tx, fence=fence, done=[], parked=chunk.parked)
        handled.append(connection_of[number])
        is_other_handled.set()

    async with asyncio.timeout(PATIENCE):
        with pytest.raises(TimeoutError, match="no answer from one"):
            await drain(Lane.INTAKE, fence, handle)
    assert handled == ["zendesk/other"]
    assert await take_lane(Lane.INTAKE) == fence + 1, "the next drain need not wait"


@pytest.mark.parametrize(("busy_for", "is_waited_for"), [(timedelta(minutes=1), True), (timedelta(0), False)])
async def test_a_helpdesk_that_is_asked_too_much_is_asked_again_by_the_same_drain(
    liaison: Installation, busy_for: timedelta, is_waited_for: bool
):
    """A 429 in the middle of a storm: else all that is left in the inbox waits for the minute's safety net."""
    _write(liaison, "lifts")
    await liaison.hear()
    answers = [Busy("429", retry_after=0), Busy("429", retry_after=0)]
    fence = await take_lane(Lane.INTAKE)
    assert fence is not None

    async def handle(chunk: Chunk) -> None:
        if answers:
            raise answers.pop()
        async with liaison.database.transaction() as tx:
            await settle_deliveries(tx, fence=fence, done=chunk.ids, parked=chunk.parked)

    async with asyncio.timeout(PATIENCE):
        if is_waited_for:
            await drain(Lane.INTAKE, fence, handle, busy_for=busy_for)
        else:
            with pytest.raises(Busy):
                await drain(Lane.INTAKE, fence, handle, busy_for=busy_for)
    assert len(answers) == (0 if is_waited_for else 1)
