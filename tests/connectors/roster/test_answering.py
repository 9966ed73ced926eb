"""Pages that are answered by mail: what the first line does, whose counts, and that nothing else does anything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass, field

import pytest
from pydantic import SecretStr, ValidationError
from sqlalchemy import func, select

from bench.sandbox import until
from connectors.kit.mailbox.listening import MailCursor
from connectors.mail.fake.app import ADDRESS, HOST, PASSWORD, FakeMailServer
from connectors.roster import RosterPager
from connectors.roster.answering.answers import LONGEST_RETRY, RETRY, MailAnswers
from connectors.roster.answering.mailbox import ReplyMailbox
from connectors.roster.answering.mailing import ReplyTo
from connectors.roster.answering.places import RosterCursor
from connectors.roster.fake.app import FakeNotice
from connectors.roster.ways import Ways
from incidents.errors import NotAllowed
from incidents.events import PageChange, PageEvent
from incidents.models import PageState, PageStatus
from incidents.rotas.page_desk import NoticeState
from incidents.rotas.page_replies import MOST_TOLD_BACK
from incidents.store.schema.tables import roster_notices
from tests.connectors.mail.world import a_mail
from tests.connectors.roster.world import KEY, NAME, RosterWorld, roster_of_policy
from tests.contracts.pager import PAGE

ANA = "ana@acme.example"
PATIENCE = 20.0


def answer(notice: FakeNotice, text: str, *, sender: str = ANA, **headers: str) -> bytes:
    """As a mail program answers: to the Reply-To, referring to what the notice refers to and to the notice itself."""
    given = {
        "References": f"{notice.references} {notice.message_id}",
        "In_Reply_To": notice.message_id,
        "message_id": f"{abs(hash((text, sender)))}@phone.example",
    }
    return a_mail(
        text, name="", email=sender, to=notice.reply_to, subject=f"Re: {notice.title}", **(given | headers)
    )


@dataclass
class AnsweringTeam:
    """Ana is reached by mail first, and a mailbox takes her answers."""

    world: RosterWorld
    server: FakeMailServer
    pager: RosterPager
    cursor: str = ""
    heard: list[PageEvent] = field(default_factory=list)
    listening: asyncio.Task[None] = field(init=False)

    @property
    def notice(self) -> FakeNotice:
        """The first page that Ana got by mail."""
        return self.world.phones.to(ANA)[0]

    @property
    def told(self) -> list[str]:
        """What was told back to Ana."""
        return [one.text.strip() for one in self.world.phones.to(ANA) if one.title.startswith("Re: ")]

    async def arrives(self, mail: bytes) -> None:
        """A mail is put into the mailbox and read, and what is to be sent then is sent."""
        self.server.mailbox.deliver(mail, folder="INBOX", at=self.world.clock())
        await self.has_read()

    async def has_read(self) -> None:
        """The mailbox was read to its end."""
        last = self.server.mailbox.folders["INBOX"].next_uid - 1

        async def is_read() -> bool:
            place = RosterCursor.parse(self.cursor).mail.places.get("INBOX")
            return place is not None and place.uid >= last

        await until("the mailbox is read", is_read, PATIENCE)
        await self.has_sent()

    async def has_sent(self) -> None:
        """No notice is due or under way."""

        async def is_sent() -> bool:
            due = select(func.count()).where(
                (roster_notices.c.state == NoticeState.SENDING)
                | (
                    (roster_notices.c.state == NoticeState.WAITING)
                    & (roster_notices.c.due_at <= self.world.clock())
                )
            )
            async with self.world.database.transaction() as tx:
                return (await tx.execute(due)).scalar_one() == 0

        await until("everything is sent", is_sent, PATIENCE)

    async def listen(self) -> None:
        async with aclosing(self.pager.listen(self.cursor)) as said:
            async for heard in said:
                self.cursor = heard.cursor
                for one in heard.deliveries:
                    self.heard += [event for event in self.pager.events(one) if isinstance(event, PageEvent)]

    def start(self) -> None:
        self.listening = asyncio.create_task(self.listen())

    async def stop(self) -> None:
        self.listening.cancel()
        with suppress(asyncio.CancelledError):
            await self.listening

    async def state(self) -> PageState:
        state = await self.pager.read("p")
        assert state is not None
        return state


def replies_of(port: int, **changes: object) -> ReplyMailbox:
    values: dict[str, object] = {
        "address": ADDRESS,
        "user": ADDRESS,
        "password": SecretStr(PASSWORD),
        "imap_host": HOST,
        "imap_port": port,
        "imap_security": "none",
        "plus_addressing": True,
    }
    return ReplyMailbox.model_validate(values | changes)


@pytest.fixture
async def server() -> FakeMailServer:
    return FakeMailServer()


TeamMaker = Callable[..., Awaitable[AnsweringTeam]]


@pytest.fixture
async def a_team(world: RosterWorld, server: FakeMailServer) -> AsyncIterator[TeamMaker]:
    teams: list[AnsweringTeam] = []
    async with server.serving() as ports:

        async def make(**changes: object) -> AnsweringTeam:
            server.mailbox.clock = world.clock
            mail = SecretStr(world.phones.mailto(ANA))
            ways = {"ana-phone": mail, "ana-mail": mail, "bo-phone": SecretStr(world.phones.ntfy("bo"))}
            pager = world.pager(ways=ways, replies=replies_of(ports.imap, **changes))
            team = AnsweringTeam(world, server, pager)
            team.start()
            await team.has_read()
            teams.append(team)
            await pager.page(PAGE, once="p")
            # Whoever looks first sends it: the listener may have been it.
            await team.has_sent()
            return team

        yield make
        for team in teams:
            await team.stop()


@pytest.fixture
async def team(a_team: TeamMaker) -> AnsweringTeam:
    return await a_team()


async def test_ack(team: AnsweringTeam):
    """One word: Ana has it, the incident hears of it, Bo is not woken, and she reads that she has it."""
    assert "ack (I have it)" in team.notice.text
    await team.arrives(answer(team.notice, "Ack\n\n> Checkout fails for 12 customers\n"))
    state = await team.state()
    assert (state.status, state.changed_by) == (PageStatus.ACKNOWLEDGED, "Ana Silva")
    assert [(event.change, event.actor, event.key) for event in team.heard] == [
        (PageChange.ACKNOWLEDGED, "Ana Silva", "p")
    ]
    assert team.told == ["You have it. Nobody further is woken."]
    team.world.clock.pass_by(hours=1)
    await team.has_sent()
    assert team.world.phones.to("bo") == []


async def test_without_plus_addresses(a_team: TeamMaker):
    """The answer goes to the plain address, and its References say which page it is about."""
    team = await a_team(plus_addressing=False)
    assert team.notice.reply_to == ADDRESS
    await team.arrives(answer(team.notice, "ack"))
    assert (await team.state()).status is PageStatus.ACKNOWLEDGED


async def test_a_way_to_several_people(world: RosterWorld):
    """Each gets the mail, with where to answer it: Apprise alone would stop after the first."""
    both = [ANA, "bo@acme.example"]
    ways = Ways({"both": SecretStr(world.phones.mailto(",".join(both)))}, per_minute=100, timeout=10)
    await ways.send("both", "Title", "Text", ReplyTo("oncall+page@acme.example", "page@acme.example"))
    arrived = [(one.to, one.reply_to, one.references) for one in world.phones.arrived]
    assert arrived == [(to, "oncall+page@acme.example", "<page@acme.example>") for to in both]
    assert await ways.mail_addresses("both") == both


async def test_a_program_that_loses_the_thread(team: AnsweringTeam):
    """The address alone is enough."""
    await team.arrives(a_mail("ack", email=ANA, to=team.notice.reply_to, subject="Fwd"))
    assert (await team.state()).status is PageStatus.ACKNOWLEDGED


async def test_done(team: AnsweringTeam):
    """It ends the page as the link's second button does; that it is over is told once."""
    await team.arrives(answer(team.notice, "done"))
    assert (await team.state()).status is PageStatus.RESOLVED
    assert [event.change for event in team.heard] == [PageChange.RESOLVED]
    assert [one.title.partition(":")[0] for one in team.world.phones.to(ANA)[1:]] == ["Over"]
    await team.arrives(answer(team.notice, "ack"))
    assert (await team.state()).status is PageStatus.RESOLVED
    assert team.told == ["Nothing was changed by your mail. This page is over already."]


async def test_escalate(team: AnsweringTeam):
    """Bo is woken now, and not Ana by her other way first."""
    await team.arrives(answer(team.notice, "escalate"))
    assert [one.to for one in team.world.wakes if not one.title.startswith("Re: ")] == [ANA, "bo"]
    assert team.told == ["Bo Berg is woken now. You do not have it."]
    assert (await team.state()).status is PageStatus.TRIGGERED
    assert [(event.change, event.actor, event.text) for event in team.heard] == [
        (PageChange.ESCALATED, "Ana Silva", "Bo Berg")
    ]
    await team.arrives(answer(team.notice, "escalate", message_id="again@phone.example"))
    assert "nobody further on this page's list" in team.told[-1]
    assert len(team.heard) == 1


async def test_given_back(team: AnsweringTeam):
    """Whoever has it and cannot go on: it rings again, for the next one."""
    await team.arrives(answer(team.notice, "ack"))
    await team.arrives(answer(team.notice, "escalate"))
    state = await team.state()
    assert (state.status, state.changed_by) == (PageStatus.TRIGGERED, "")
    assert [event.change for event in team.heard] == [PageChange.ACKNOWLEDGED, PageChange.UNACKNOWLEDGED]
    assert team.world.phones.to("bo")[0].title == team.notice.title
    team.world.acknowledge("Bo Berg")
    await team.arrives(answer(team.notice, "escalate", message_id="third@phone.example"))
    assert (await team.state()).changed_by == "Bo Berg"
    assert "Bo Berg has it." in team.told[-1]


async def test_nobody_to_give_it_to(a_team: TeamMaker, world: RosterWorld):
    """Whoever has it keeps it."""
    alone = {"timezone": "Europe/Berlin", "layers": [{"people": ["ana"], "hand_over": "2026-11-02 09:00"}]}
    world.roster = roster_of_policy({"rotas": {"payments": alone}})
    team = await a_team()
    await team.arrives(answer(team.notice, "ack"))
    await team.arrives(answer(team.notice, "escalate"))
    assert (await team.state()).changed_by == "Ana Silva"


@pytest.mark.parametrize(
    ("text", "headers", "told"),
    [
        ("", {}, "Its first line must be the word"),
        ("ok I will have a look, ack", {}, "Its first line must be the word"),
        ("\n\nOn Mon, 2 Nov 2026, Liaison wrote:\n> ack", {}, "Its first line must be the word"),
        ("ack", {"sender": "bo@acme.example"}, "It came from another address than the page went to"),
        ("ack", {"Auto_Submitted": "auto-replied"}, ""),
        ("ack", {"Auto_Submitted": "auto-generated"}, ""),
        ("ack", {"Precedence": "auto_reply"}, ""),
        ("ack", {"X_Autoreply": "yes"}, ""),
        ("ack", {"List_Id": "<team.acme.example>"}, ""),
        ("I am away until Monday", {"Auto_Submitted": "auto-replied"}, ""),
    ],
)
async def test_does_nothing(team: AnsweringTeam, text: str, headers: dict[str, str], told: str):
    """And is told back to whom the page went, but for what a machine wrote."""
    await team.arrives(answer(team.notice, text, **headers))
    assert (await team.state()).status is PageStatus.TRIGGERED
    assert team.heard == []
    assert len(team.told) == bool(told)
    assert all(told in one and one.startswith("Nothing was changed") for one in team.told)


async def test_a_day_later(team: AnsweringTeam):
    team.world.clock.pass_by(hours=25)
    await team.arrives(answer(team.notice, "ack"))
    assert (await team.state()).status is PageStatus.TRIGGERED
    assert "more than a day before" in team.told[-1]


async def test_a_token_that_is_not_ours(team: AnsweringTeam):
    """Made up, or of a notice that is gone: nothing is done, and nobody is written to."""
    before = len(team.world.phones.arrived)
    for made_up in (
        "page-1-" + "a" * 26,
        team.notice.reply_to.partition("+")[2].partition("@")[0][:-1] + "a",
    ):
        await team.arrives(a_mail("ack", email=ANA, to=f"support+{made_up}@acme.example"))
    await team.arrives(a_mail("ack", email=ANA))
    assert (await team.state()).status is PageStatus.TRIGGERED
    assert len(team.world.phones.arrived) == before


async def test_read_twice_it_is_done_once(team: AnsweringTeam):
    """The cursor was lost: the mail is heard again, and Ana, who gave the page on since, does not take it again."""
    before = team.cursor
    await team.arrives(answer(team.notice, "ack"))
    await team.arrives(answer(team.notice, "escalate"))
    told = list(team.told)
    await team.stop()
    team.cursor = before
    team.start()
    await team.has_read()
    assert (await team.state()).status is PageStatus.TRIGGERED
    assert team.told == told


async def test_a_machine_that_says_nothing_of_itself(team: AnsweringTeam):
    """It answers each of our answers; after a few it gets no more."""
    for number in range(MOST_TOLD_BACK + 5):
        await team.arrives(answer(team.notice, f"I am away, number {number}"))
    assert len(team.told) == MOST_TOLD_BACK


async def test_a_mailbox_that_is_away(team: AnsweringTeam, server: FakeMailServer):
    """People are woken all the same, and `liaison check` says what is wrong."""
    server.password = "another"
    server.hang_up()
    for _ in range(2):
        team.world.clock.pass_by(minutes=5)
        await team.has_sent()
    assert [one.to for one in team.world.wakes] == [ANA, ANA, "bo"]
    assert not team.listening.done()
    with pytest.raises(NotAllowed, match="check user and password"):
        await team.pager.check()


async def test_a_quiet_mailbox_is_back_at_once(world: RosterWorld, server: FakeMailServer):
    """It was away for long, then there for an hour without a mail: when its line drops, nobody is deaf for minutes."""
    waits: list[float] = []

    async def pause(seconds: float) -> None:
        waits.append(seconds)
        await asyncio.sleep(0)

    async def idles() -> bool:
        return "IDLE" in server.commands

    async def has_waited_longest() -> bool:
        return LONGEST_RETRY in waits

    async def has_waited() -> bool:
        return bool(waits)

    async with server.serving() as ports:
        ways = Ways({}, per_minute=100, timeout=10)
        mailbox, clock = replies_of(ports.imap), world.clock
        answers = MailAnswers(NAME, mailbox, desk=world.desk, ways=ways, key=KEY, clock=clock, pause=pause)
        listening = asyncio.create_task(answers.listen())
        await until("it listens", idles, PATIENCE)
        server.password = "another"
        server.hang_up()
        await until("it has waited for the longest", has_waited_longest, PATIENCE)
        server.commands.clear()
        server.password = PASSWORD
        await until("it listens again", idles, PATIENCE)
        waits.clear()
        world.clock.pass_by(hours=1)
        server.hang_up()
        await until("it has waited", has_waited, PATIENCE)
        assert waits[0] == RETRY
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening


async def test_check(team: AnsweringTeam):
    assert f"answers by mail: {ADDRESS}, 0 mails in 'INBOX'" in await team.pager.check()


def test_the_cursor():
    """A number alone is one of before; whatever else cannot be read is the beginning."""
    assert RosterCursor.parse("17") == RosterCursor(act=17)
    assert RosterCursor(act=17).text() == "17"
    mail = MailCursor.parse('{"INBOX": {"validity": 1, "uid": 5, "day": "2026-11-02"}}')
    both = RosterCursor(act=17, mail=mail)
    assert RosterCursor.parse(both.text()) == both
    for text in (None, "", "nonsense", "{}", '{"act": "-1"}', "[]", '{"act": 5, "mail": 3}'):
        assert RosterCursor.parse(text) == RosterCursor()


def test_settings_that_are_refused():
    with pytest.raises(ValidationError, match="imap_security none sends the password in clear"):
        replies_of(143, imap_host="imap.acme.example")
    with pytest.raises(ValidationError, match="one plain address"):
        replies_of(143, address="Ana <ana@acme.example>")
