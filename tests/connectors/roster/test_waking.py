"""Waking people: way after way, person after person, until somebody has it; restarts lose and double nothing."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.kit.fakes.faults import FaultKind
from connectors.roster import RosterPager
from connectors.roster.connector import LEASE, MOST_ATTEMPTS
from incidents.errors import NotAllowed
from incidents.models import Link, Page, PageStatus, Severity
from incidents.rotas.page_desk import NoticeState, PageWords
from incidents.rotas.page_links import read_token
from incidents.rotas.wakes import Wake, wakes
from incidents.store.schema.tables import roster_notices
from incidents.texts.team import team_reads
from tests.connectors.roster.world import KEY, MONDAY, NAME, RosterWorld, roster_of_policy, settings
from tests.contracts.pager import PAGE


async def status(pager: RosterPager, key: str = "p") -> PageStatus:
    state = await pager.read(key)
    assert state is not None
    return state.status


async def test_nobody_answers(world: RosterWorld, pager: RosterPager):
    """Ana's telephone, her mail two minutes later, Bo three minutes after that, and then nobody is left."""
    await pager.page(PAGE, once="p")
    seen = [list(world.woken)]
    for _ in range(12):
        world.clock.pass_by(minutes=1)
        await pager.send_due()
        seen.append(list(world.woken))
    assert seen[0] == seen[1] == ["ana"]
    assert seen[2] == seen[4] == ["ana", "ana@acme.example"]
    assert seen[5] == seen[12] == ["ana", "ana@acme.example", "bo"]
    state = await pager.read("p")
    assert state is not None
    assert (state.status, state.responders) == (PageStatus.TRIGGERED, ("Ana Silva", "Bo Berg"))


async def test_rounds(world: RosterWorld, pager: RosterPager):
    world.roster = roster_of_policy({"rotas": {"payments": _rota(rounds=2)}})
    await pager.page(PAGE, once="p")
    for _ in range(30):
        world.clock.pass_by(minutes=1)
        await pager.send_due()
    assert world.woken == ["ana", "ana@acme.example", "bo"] * 2


async def test_the_second_has_it(world: RosterWorld, pager: RosterPager):
    """Whoever was woken is told when it is over, once, by the way that reached them last; nobody else is."""
    await pager.page(PAGE, once="p")
    for _ in range(5):
        world.clock.pass_by(minutes=1)
        await pager.send_due()
    world.acknowledge("Bo Berg")
    state = await pager.read("p")
    assert state is not None
    assert (state.status, state.responders, state.changed_by) == (
        PageStatus.ACKNOWLEDGED,
        ("Bo Berg",),
        "Bo Berg",
    )
    world.clock.pass_by(minutes=30)
    await pager.send_due()
    assert world.overs == []
    await pager.resolve("p", once="r")
    await pager.resolve("p", once="r")
    for _ in range(3):
        await pager.send_due()
    assert world.woken == ["ana", "ana@acme.example", "bo"]
    assert sorted(world.overs) == ["ana@acme.example", "bo"]
    assert "Bo Berg had it." in world.phones.arrived[-1].text


async def test_acknowledged_in_chat(world: RosterWorld, pager: RosterPager):
    """By our own process: nobody further is woken, and nobody is told of it as news."""
    await pager.page(PAGE, once="p")
    await pager.acknowledge("p", once="a")
    world.clock.pass_by(hours=1)
    await pager.send_due()
    assert world.woken == ["ana"]
    assert await world.desk.acts_after(0) == []


async def test_taken_over(world: RosterWorld, pager: RosterPager):
    """Ana has it, then Bo; each is an act, and pressing twice is one."""
    await pager.page(PAGE, once="p")
    world.clock.pass_by(minutes=5)
    await pager.send_due()
    world.clock.pass_by(minutes=5)
    await pager.send_due()
    for person in ("Ana Silva", "Ana Silva", "Bo Berg", "Bo Berg"):
        world.acknowledge(person)
    assert [act.actor for act in await world.desk.acts_after(0)] == ["Ana Silva", "Bo Berg"]


async def test_a_page_that_is_over_cannot_be_taken(world: RosterWorld, pager: RosterPager):
    await pager.page(PAGE, once="p")
    await pager.resolve("p", once="r")
    world.acknowledge()
    assert await status(pager) is PageStatus.RESOLVED
    assert await world.desk.acts_after(0) == []


async def test_a_way_that_fails_is_tried_again(world: RosterWorld, pager: RosterPager):
    """The next one comes at once; the failed one after half a minute, then after longer, and then no more."""
    world.phones.faults.arm(FaultKind.OUTAGE, times=None)
    await pager.page(PAGE, once="p")
    assert world.woken == ["ana@acme.example"]
    world.phones.faults.clear()
    world.clock.pass_by(seconds=29)
    await pager.send_due()
    assert world.woken == ["ana@acme.example"]
    world.clock.pass_by(seconds=1)
    await pager.send_due()
    assert world.woken == ["ana@acme.example", "ana"]
    world.clock.pass_by(minutes=3)
    await pager.send_due()
    assert world.woken == ["ana@acme.example", "ana", "bo"]


async def test_a_way_that_always_fails_is_given_up(world: RosterWorld, pager: RosterPager):
    world.roster = roster_of_policy({"rotas": {"payments": _rota(then=[])}})
    world.phones.faults.arm(FaultKind.UNAUTHORIZED, times=None)
    await pager.page(PAGE, once="p")
    tried = 0
    for _ in range(60):
        world.clock.pass_by(minutes=1)
        tried += await pager.send_due()
    assert tried == MOST_ATTEMPTS - 1
    assert world.woken == ["ana@acme.example"]


async def test_acknowledged_while_a_way_fails(world: RosterWorld, pager: RosterPager):
    """What failed is not tried again for a page that somebody has."""
    world.phones.faults.arm(FaultKind.OUTAGE)
    await pager.page(PAGE, once="p")
    world.acknowledge()
    world.clock.pass_by(hours=1)
    await pager.send_due()
    assert world.woken == ["ana@acme.example"]


async def test_restarted_between_two_notices(world: RosterWorld, pager: RosterPager):
    """Another process goes on where this one was: neither doubled nor lost, and not all at once after a long pause."""
    await pager.page(PAGE, once="p")
    world.clock.pass_by(hours=3)
    for _ in range(3):
        await world.pager().send_due()
    assert world.woken == ["ana", "ana@acme.example"]
    world.clock.pass_by(minutes=3)
    await world.pager().send_due()
    assert world.woken == ["ana", "ana@acme.example", "bo"]


async def test_killed_while_sending(world: RosterWorld, pager: RosterPager):
    """A sender that never said how it ended: sent again when its lease is over, and not before."""
    await world.desk.open_page(
        "p", target="", words=PageWords(summary="s", text="t"), wakes=_wakes(world), now=world.clock()
    )
    assert len(await world.desk.lease_due(now=world.clock(), lease=LEASE)) == 1
    world.clock.pass_by(seconds=LEASE.total_seconds() - 1)
    assert await pager.send_due() == 0
    world.clock.pass_by(seconds=1)
    assert await pager.send_due() == 1
    assert world.woken == ["ana"]


async def test_two_senders(world: RosterWorld):
    """Worker and gateway look at once, again and again: each notice goes out once."""
    first, second = world.pager(), world.pager()
    await first.page(PAGE, once="p")
    for _ in range(6):
        world.clock.pass_by(minutes=1)
        await asyncio.gather(*(one.send_due() for one in (first, second) * 3))
    assert world.woken == ["ana", "ana@acme.example", "bo"]


async def test_more_than_the_pace_lets_through(world: RosterWorld):
    """Left on the desk: another sends it, nobody sends it twice, and not at all once somebody has the page."""
    slow, words = world.pager(notices_per_minute=1), PageWords(summary="s", text="t")
    for key in ("p1", "p2", "p3"):
        await world.desk.open_page(key, target="", words=words, wakes=_wakes(world), now=world.clock())
    async with asyncio.timeout(20):  # what waits for the pace waits a minute
        assert sum(await asyncio.gather(slow.send_due(), slow.send_due())) == 1
        assert await slow.send_due() == 0
        await world.desk.acknowledge("p3", by="", now=world.clock())
        assert await world.pager().send_due() == 1
    world.clock.pass_by(seconds=LEASE.total_seconds() + 1)
    assert await world.pager().send_due() == 0
    assert world.woken == ["ana", "ana"]


async def test_a_page_that_the_pace_has_no_room_for(world: RosterWorld):
    """Kept at once, and sent by whoever looks next."""
    slow = world.pager(notices_per_minute=1)
    async with asyncio.timeout(20):
        await slow.page(PAGE, once="p1")
        await slow.page(PAGE, once="p2")
    assert world.woken == ["ana"]
    await world.pager().send_due()
    assert world.woken == ["ana", "ana"]


async def test_a_late_sender_changes_nothing(world: RosterWorld, pager: RosterPager):
    """Its lease ran out and somebody else is sending: what it says then does not count, before and after that ends."""
    words = PageWords(summary="s", text="t")
    await world.desk.open_page("p", target="", words=words, wakes=_wakes(world), now=world.clock())
    (late,) = await world.desk.lease_due(now=world.clock(), lease=timedelta(seconds=1))
    world.clock.pass_by(seconds=2)
    (taken,) = await world.desk.lease_due(now=world.clock(), lease=LEASE)
    await world.desk.notice_failed(late, "too late", again=timedelta(0), now=world.clock())
    assert await pager.send_due() == 0
    await world.desk.notice_sent(taken, now=world.clock())
    await world.desk.notice_failed(late, "too late", again=timedelta(0), now=world.clock())
    assert await pager.send_due() == 0
    world.clock.pass_by(minutes=2)
    assert await pager.send_due() == 1


async def test_the_listener_wakes_the_next(world: RosterWorld, pager: RosterPager):
    """Nothing but listening is needed for time to go by: no Prefect, no flow."""
    await pager.page(PAGE, once="p")
    world.clock.pass_by(minutes=2)

    async def listen() -> None:
        async with aclosing(world.pager().listen(None)) as said:
            async for _ in said:
                pass

    listening = asyncio.create_task(listen())
    async with asyncio.timeout(20):
        while len(world.woken) < 2:  # noqa: ASYNC110 - notices arrive from a thread of Apprise's
            await asyncio.sleep(0.02)
    listening.cancel()
    with suppress(asyncio.CancelledError):
        await listening
    assert world.woken == ["ana", "ana@acme.example"]


async def test_nobody_on_call(world: RosterWorld, pager: RosterPager):
    """The page makes nothing, as with a vendor in maintenance; why, and until when, is told to whoever asks."""
    world.roster = roster_of_policy({"rotas": {"payments": _rota(then=[])}})
    world.clock.time = MONDAY - timedelta(days=1)
    await pager.page(PAGE, once="p")
    assert await pager.read("p") is None
    assert world.woken == []
    assert await pager.obstacle("payments") == (
        "nobody is on call in rota 'payments' from Sun 2026-11-01 13:00 to Mon 2026-11-02 09:00 (Europe/Berlin)"
    )
    with team_reads("de"):
        assert await pager.obstacle("payments") == (
            "im Dienstplan „payments“ hat von So 01.11.2026 13:00 bis Mo 02.11.2026 09:00 (Europe/Berlin) "
            "niemand Bereitschaft"
        )
    assert "rota 'payments' has a gap: nobody is on call from Sun 2026-11-01 13:00" in await pager.check()


async def test_a_gap_that_others_fill_is_no_obstacle(world: RosterWorld, pager: RosterPager):
    world.clock.time = MONDAY - timedelta(days=1)
    assert await pager.obstacle("payments") == ""
    await pager.page(PAGE, once="p")
    assert world.woken == ["bo"]


async def test_an_unknown_target(world: RosterWorld, pager: RosterPager):
    """Only where a policy was changed under an open incident."""
    with pytest.raises(NotAllowed, match="no rota or person 'search'"):
        await pager.page(Page(summary="s", source="x", severity=Severity.HIGH, target="search"), once="p")
    assert "no rota or person 'search'" in await pager.obstacle("search")


async def test_what_a_notice_says(world: RosterWorld, pager: RosterPager):
    """The first line, the link, when the next one comes, and the context; the link is signed for this notice."""
    await pager.page(PAGE, once="p")
    (notice,) = world.phones.arrived
    assert notice.title == "Checkout fails for 12 customers"
    first, second, _, *rest = notice.text.splitlines()
    says, _, token = first.partition(": https://liaison.acme.example/pages/")
    assert says == "Say that you have it, or that it works again"
    assert second == "Without an answer the next attempt is made in 2 min."
    assert rest == ["Customers: 12", "First report: 14:02 UTC", "INC-42: https://liaison.example.com/inc-42"]
    link = read_token(KEY, token)
    assert link is not None
    assert link.until == MONDAY + timedelta(hours=24)


async def test_without_an_address_or_a_key(world: RosterWorld):
    """No link that leads nowhere, but how else; `liaison check` says what is missing."""
    pager = world.pager(gateway_url="")
    await pager.page(PAGE, once="p")
    assert "/pages/" not in world.phones.arrived[0].text
    assert "in the incident's chat room (ack)" in world.phones.arrived[0].text
    assert "no link to acknowledge by: set gateway_url" in await pager.check()
    without_key = RosterPager(
        NAME, settings(world.phones), desk=world.desk, roster=lambda: world.roster, key=""
    )
    assert "no link to acknowledge by: set LIAISON_KEY" in await without_key.check()


async def test_hostile_words(world: RosterWorld, pager: RosterPager):
    """What a ticket says becomes neither a mention nor a link nor markup; our own link is one."""
    page = Page(
        summary="INC-1 @everyone <!channel>\r\nBcc: x@y.example",
        source="x",
        severity=Severity.HIGH,
        details=(("First", "see https://evil.example `now` <b>\u202e"),),
        links=(Link(label="Story", url="https://prefect.example/x"),),
        target="payments",
    )
    await pager.page(page, once="p")
    world.clock.pass_by(minutes=2)
    await pager.send_due()
    for notice in world.phones.arrived:
        said = notice.title + notice.text.replace("https://prefect.example", "").replace(
            "https://liaison.acme.example", ""
        )
        assert not set(said) & set("@<>`\u202e")
        assert "://" not in said
        assert "\n" not in notice.title
    assert [one.to for one in world.phones.arrived] == ["ana", "ana@acme.example"]


async def test_a_missing_way(world: RosterWorld, pager: RosterPager):
    """The next is tried, and `liaison check` names the person and the way."""
    people = {"bo": {"name": "Bo", "reach": [{"way": "bo-sms"}, {"way": "bo-phone"}]}}
    world.roster = roster_of_policy(
        {"people": people, "rotas": {"payments": _rota(layers=[_layer(["bo"])], then=[])}}
    )
    await pager.page(PAGE, once="p")
    assert world.woken == ["bo"]
    with pytest.raises(NotAllowed, match="Bo is reached by 'bo-sms', which the block has not under ways"):
        await pager.check()


async def test_pages_of_two_connections(world: RosterWorld, pager: RosterPager):
    """Neither sees or sends the other's."""
    other = RosterPager(
        "roster/other",
        world.pager()._settings,
        desk=type(world.desk)(world.database, "roster/other"),
        roster=lambda: world.roster,
        clock=world.clock,
    )
    await pager.page(PAGE, once="p")
    assert await other.read("p") is None
    world.clock.pass_by(minutes=2)
    assert await other.send_due() == 0
    state = await pager.read("p")
    assert state is not None
    assert await other.read_by_id(state.page_id) is None


async def test_a_notice_of_a_page_that_was_removed(world: RosterWorld, pager: RosterPager):
    await pager.page(PAGE, once="p")

    async def all_sent(tx: AsyncConnection) -> None:
        await tx.execute(update(roster_notices).values(state=NoticeState.FAILED))

    world.at_once(all_sent)
    assert await pager.send_due() == 0


def _layer(people: list[str]) -> dict[str, object]:
    return {"people": people, "hand_over": "2026-11-02 09:00"}


def _rota(**changes: object) -> dict[str, object]:
    base: dict[str, object] = {
        "timezone": "Europe/Berlin",
        "layers": [_layer(["ana", "bo"])],
        "then": ["bo"],
        "rounds": 1,
    }
    return base | changes


def _wakes(world: RosterWorld) -> tuple[Wake, ...]:
    return wakes(world.roster, "payments", {}, at=world.clock())
