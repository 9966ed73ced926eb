"""Bad input and bad days: credentials, limits, pages of HTML, redirects, fields that are missing."""

from __future__ import annotations

import httpx
import pytest

from connectors.helpscout import HelpScout
from connectors.helpscout.mapping import ticket_from
from connectors.kit.fakes.faults import FaultKind
from incidents.errors import Busy, NotAllowed, Refused, Unknown, Unreachable, Unrecognised
from incidents.models import ChangeOutcome
from tests.connectors.helpscout.conftest import HelpScoutWorld, connect, odd, settings
from tests.contracts.helpdesk import NOTE, ONCE, REPLY

HOURS_48 = 48 * 3600


async def test_a_wrong_secret(world: HelpScoutWorld) -> None:
    """Told with what to check, and without the secret."""
    desk = connect(world, app_secret="not-the-apps-secret")
    with pytest.raises(NotAllowed, match="access token") as caught:
        await desk.check()
    assert "not-the-apps-secret" not in str(caught.value)
    await desk.aclose()


async def test_a_token_that_ends(helpdesk: HelpScout, world: HelpScoutWorld, ticket: str) -> None:
    """After 48 hours another one is bought, once for all who come, and nothing is written twice."""
    await helpdesk.read([ticket])
    world.let_time_pass(HOURS_48)
    await helpdesk.read([ticket] * 3)
    assert world.fake.tokens.bought == 2
    world.fake.tokens.revoke_all()
    (outcome,) = await helpdesk.update([ticket], REPLY, once=ONCE)
    assert (outcome.outcome, world.fake.tokens.bought) == (ChangeOutcome.DONE, 3)
    assert world.public_replies(ticket) == [REPLY.public_reply]


async def test_a_token_that_ends_between_reading_and_writing(world: HelpScoutWorld, ticket: str) -> None:
    """What was refused for its token was not done: sent again with another one."""

    def answer(request: httpx.Request) -> httpx.Response | None:
        if request.url.path.endswith("/reply") and world.fake.tokens.bought == 1:
            world.fake.tokens.revoke_all()
        return None

    desk = odd(world, answer)
    (outcome,) = await desk.update([ticket], REPLY, once=ONCE)
    assert outcome.outcome is ChangeOutcome.DONE
    assert world.public_replies(ticket) == [REPLY.public_reply]
    await desk.aclose()


async def test_a_user_that_is_no_more(world: HelpScoutWorld, ticket: str) -> None:
    """Each new token is refused as well: renewed once, then a person must act."""
    desk = connect(world)
    world.faults.arm(FaultKind.UNAUTHORIZED, times=None, where="/v2/conversations")
    world.faults.arm(FaultKind.UNAUTHORIZED, times=None, where="/v2/users")
    with pytest.raises(NotAllowed):
        await desk.read([ticket])
    # One for the conversation's call, one more as that was refused, and one as the question who we are was.
    assert world.fake.tokens.bought <= 3
    await desk.aclose()


async def test_one_conversation_that_is_not_for_us(
    helpdesk: HelpScout, world: HelpScoutWorld, ticket: str
) -> None:
    """403 of one conversation keeps no other one waiting."""
    hidden = world.create_ticket("Hidden", "x", name="Eve", email="eve@customer.example")
    world.desk.hidden_from_us.add(int(hidden))
    assert [one.ref.id for one in await helpdesk.read([hidden, ticket])] == [ticket]
    outcomes = await helpdesk.update([hidden, ticket], NOTE, once=ONCE)
    assert [one.outcome for one in outcomes] == [ChangeOutcome.GONE, ChangeOutcome.DONE]
    assert not await helpdesk.was_done(hidden, ONCE)


async def test_a_role_that_may_not_answer(world: HelpScoutWorld, ticket: str) -> None:
    """A light user reads and notes only: refused with the cure, for this one."""

    def answer(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(403, json={"message": "x"}) if request.url.path.endswith("/reply") else None

    desk = odd(world, answer)
    (outcome,) = await desk.update([ticket], REPLY, once=ONCE)
    assert outcome.outcome is ChangeOutcome.REFUSED
    assert "a role that may answer" in outcome.detail
    assert (await desk.update([ticket], NOTE, once=ONCE))[0].outcome is ChangeOutcome.DONE
    await desk.aclose()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"X-RateLimit-Retry-After": "1800"}, 1800.0),
        ({"Retry-After": "1800"}, 1800.0),
        ({"X-RateLimit-Retry-After": "9999999"}, 3600.0),
        ({"X-RateLimit-Retry-After": "soon"}, 60.0),
        ({}, 60.0),
    ],
)
async def test_half_an_hour_of_no_calls(
    world: HelpScoutWorld, ticket: str, headers: dict[str, str], seconds: float
) -> None:
    """Help Scout says in a header of its own when to come again; nothing is tried before."""
    calls: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response | None:
        calls.append(request.url.path)
        return None if request.url.path.endswith("/token") else httpx.Response(429, headers=headers)

    desk = odd(world, answer)
    with pytest.raises(Busy) as caught:
        await desk.read([ticket])
    assert caught.value.retry_after == seconds
    assert len(calls) == 2
    await desk.aclose()


async def test_we_count_as_help_scout_counts(world: HelpScoutWorld, ticket: str) -> None:
    """A call that changes something counts twice, there and here."""
    desk = connect(world)
    await desk.read([ticket])
    await desk.update([ticket], REPLY, once=ONCE)
    await desk.comments((await desk.read([ticket]))[0], world.now())
    calls, changes = desk.budget().limits
    assert (len(calls.made), len(changes.made)) == (world.fake.limit.used, world.fake.limit.changed)
    await desk.aclose()


async def test_more_changes_than_five_seconds_take(world: HelpScoutWorld, ticket: str) -> None:
    """A limit of its own, kept to before Help Scout has to say so; of what others do it says so."""
    desk = connect(world, changes_per_five_seconds=2)
    for once in ("a", "b"):
        await desk.update([ticket], NOTE, once=once)
    assert desk.budget().limits[1].calls == 2
    assert len(desk.budget().limits[1].made) == 2
    await desk.aclose()
    world.fake.limit.changes = 2
    others = connect(world)
    with pytest.raises(Busy) as caught:
        await others.update([ticket], NOTE, once="c")
    assert caught.value.retry_after == 5.0
    assert len(world.private_notes(ticket)) == 2
    await others.aclose()


async def test_the_accounts_limit(world: HelpScoutWorld, ticket: str) -> None:
    """It is all apps' together: where others have used it up we are told by the second."""
    world.fake.limit.calls = 1
    desk = connect(world)
    await desk.read([ticket])
    with pytest.raises(Busy) as caught:
        await desk.read([ticket])
    assert caught.value.retry_after == 60.0
    await desk.aclose()


@pytest.mark.parametrize("status", [200, 403, 500, 502, 503])
async def test_a_page_of_html(world: HelpScoutWorld, ticket: str, status: int) -> None:
    """A proxy's word: a read surely was not done; of a write nobody knows but where it was refused."""

    def answer(request: httpx.Request) -> httpx.Response | None:
        if not request.url.path.endswith("/reply"):
            return None
        return httpx.Response(status, html="<html><body><h1>Sorry</h1></body></html>")

    desk = odd(world, answer)
    if status == 403:
        (outcome,) = await desk.update([ticket], REPLY, once=ONCE)
        assert outcome.outcome is ChangeOutcome.REFUSED
    else:
        with pytest.raises(Unknown):
            await desk.update([ticket], REPLY, once=ONCE)
    await desk.aclose()


async def test_one_that_takes_no_more(helpdesk: HelpScout, world: HelpScoutWorld, ticket: str) -> None:
    """423: refused with its status and what Help Scout's support asks for."""
    world.refuse_updates(ticket)
    (outcome,) = await helpdesk.update([ticket], REPLY, once=ONCE)
    assert outcome.outcome is ChangeOutcome.REFUSED
    assert "HTTP 423 (threads; logRef 64bb72b4-0a92-11e8-ba89-0ed5f89f718b)" in outcome.detail


@pytest.mark.parametrize(
    "location",
    [
        "",
        "https://evil.example/login",
        "/v2/conversations/x",
        "//evil.example/v2/conversations/7",
        # Itself: it would be asked for for ever.
        "https://api.helpscout.net/v2/conversations/1001",
    ],
)
async def test_a_redirect_that_is_no_merger(world: HelpScoutWorld, ticket: str, location: str) -> None:
    """Nothing is followed, whatever it names."""
    called: set[str] = set()

    def answer(request: httpx.Request) -> httpx.Response | None:
        called.add(request.url.host)
        is_read = request.url.path.startswith("/v2/conversations")
        return httpx.Response(301, headers={"Location": location}) if is_read else None

    desk = odd(world, answer)
    with pytest.raises(Refused, match="led elsewhere"):
        await desk.read([ticket])
    assert called == {"api.helpscout.test"}
    await desk.aclose()


async def test_a_merger_without_an_end(world: HelpScoutWorld) -> None:
    """Two that name each other."""
    world.desk.merged.update({5: 6, 6: 5})
    desk = connect(world)
    for call in (desk.read(["5"]), desk.was_done("5", ONCE)):
        with pytest.raises(Unreachable, match="again and again"):
            await call
    await desk.aclose()


async def test_a_field_that_is_missing(world: HelpScoutWorld, ticket: str) -> None:
    """Each in turn, of a whole conversation: read as if it were empty, but for its id and when it began."""
    whole = world.desk.shown(int(ticket), with_threads=True)
    for key in whole:
        rest = {name: value for name, value in whole.items() if name != key}
        if key in ("id", "createdAt"):
            with pytest.raises(Unrecognised):
                ticket_from(rest, "helpscout/support", settings())
        else:
            assert ticket_from(rest, "helpscout/support", settings()).ref.id == ticket
    for one in whole["_embedded"]["threads"]:
        for key in list(one):
            rest = {name: value for name, value in one.items() if name != key}
            ticket_from({**whole, "_embedded": {"threads": [rest]}}, "helpscout/support", settings())
