"""What Instatus is documented to do, and what an honest client would get wrong about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx
import pytest
from pydantic import SecretStr, ValidationError

from connectors.instatus import Instatus
from connectors.instatus.connector import LISTED, MOST_PAGES, NEWEST_PAGES
from connectors.instatus.fake.records import made_id
from connectors.kit.fakes.faults import FaultKind
from connectors.kit.fakes.in_process import InProcessTransport
from incidents.errors import Busy, LiaisonError, NotAllowed, NotFound, Refused, Unknown, Unreachable
from incidents.models import PublicText, Severity
from incidents.public_incident import PublicState
from incidents.store.status_record import StoredStatusRecord
from tests.connectors.instatus.conftest import (
    END,
    GONE,
    NAME,
    TEXT,
    TITLE,
    InstatusWorld,
    connect,
    opened,
    settings,
)
from tests.connectors.strange_answers import Scripted

Call = Callable[[Instatus, str], Awaitable[object]]
CALLS: dict[str, Call] = {
    "check": lambda page, _: page.check(),
    "restore": lambda page, _: page.restore(),
    "open": lambda page, _: opened(page, once="2"),
    "post_update": lambda page, made: page.post_update(made, TEXT, PublicState.IDENTIFIED, once="u"),
    "resolve": lambda page, made: page.resolve(made, END, once="r"),
    "find": lambda page, _: page.find("o"),
}


@pytest.fixture
async def first(status_page: Instatus) -> str:
    return await opened(status_page)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
async def test_a_wrong_key(world: InstatusWorld, first: str, call: Call) -> None:
    """A person must act, and nothing that waits is thrown away."""
    with pytest.raises(NotAllowed, match="credentials"):
        await call(connect(world, api_key=SecretStr("another-key")), first)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
async def test_a_page_that_is_not_ours(world: InstatusWorld, first: str, call: Call) -> None:
    """It is no incident that is gone: what was to be said waits until somebody mends it."""
    with pytest.raises(NotAllowed, match="page_id"):
        await call(connect(world, page_id="another4page"), first)


async def test_which_pages_there_are(world: InstatusWorld) -> None:
    """A wrong id is told with the right ones."""
    with pytest.raises(NotAllowed, match="reaches Acme \\(ckf01fonve9i40a32oas5b0uw\\)"):
        await connect(world, page_id="another4page").check()


async def test_a_key_that_may_not_write(world: InstatusWorld, status_page: Instatus) -> None:
    """It is known by the first write only, which waits."""
    world.fake.may_write = False
    assert await status_page.check()
    with pytest.raises(NotAllowed):
        await opened(status_page)
    world.fake.may_write = True
    await opened(status_page)
    assert len(world.fake.incidents) == 1


async def test_what_check_says(world: InstatusWorld, status_page: Instatus) -> None:
    """Which page, its components and of what subscribers are told."""
    names = ", ".join(f"{one.name} ({one.id})" for one in world.fake.components.values())
    said = f"Acme (acme); components: {names}; subscribers are told: every update"
    assert await status_page.check() == said
    other = world.fake.add_component("checkout ")
    said = await connect(world, notify="nobody").check()
    assert f"not the only one: Checkout ({world.checkout}), checkout  ({other});" in said
    assert said.endswith("told: nobody")


@pytest.mark.parametrize(
    ("notify", "told"),
    [
        ("every_update", [True, True, True]),
        ("opening_and_end", [True, False, True]),
        ("nobody", [False, False, False]),
    ],
)
async def test_who_is_notified_and_what_is_shown(world: InstatusWorld, notify: str, told: list[bool]) -> None:
    """Both are said in each call, since what is left out is decided there."""
    page = connect(world, notify=notify)
    made = await opened(page)
    await page.post_update(made, TEXT, PublicState.IDENTIFIED, once="u")
    await page.resolve(made, END, once="r")
    assert [one["notify"] for one in world.fake.written] == told
    assert world.fake.written[0]["shouldPublish"] is True
    assert len(world.fake.notified) == sum(told)
    assert all({"components", "statuses"} <= set(one) for one in world.fake.written)


async def test_an_incident_that_somebody_renamed(
    world: InstatusWorld, status_page: Instatus, first: str
) -> None:
    """It is known by its moment, not by its words; another one of the same words is not ours."""
    (incident,) = world.fake.incidents.values()
    theirs = world.fake.open_by_hand(incident.name, world.checkout)
    incident.name = "Another name"
    await status_page.post_update(first, TEXT, PublicState.IDENTIFIED, once="u")
    assert [len(one.updates) for one in world.fake.incidents.values()] == [2, 1]
    assert theirs != incident.id


async def test_an_incident_that_somebody_began_earlier(
    world: InstatusWorld, status_page: Instatus, first: str
) -> None:
    """People set the time at which it really began: it is known by what was said in it, and told to its end."""
    (incident,) = world.fake.incidents.values()
    incident.started -= timedelta(minutes=40)
    assert await status_page.find("o") == first
    await status_page.post_update(first, TEXT, PublicState.IDENTIFIED, once="u")
    assert await status_page.was_done(first, "u")
    await status_page.resolve(first, END, once="r")
    assert (len(incident.updates), incident.status) == (3, "RESOLVED")


async def test_an_incident_that_somebody_deleted(
    world: InstatusWorld, status_page: Instatus, first: str
) -> None:
    """It is no more: nothing is said about it, and none of it was done. It is not put back."""
    await status_page.post_update(first, TEXT, PublicState.IDENTIFIED, once="u")
    world.fake.incidents.clear()
    for call in (
        status_page.post_update(first, TEXT, PublicState.MONITORING, once="v"),
        status_page.resolve(first, END, once="r"),
    ):
        with pytest.raises(NotFound, match="somebody deleted it"):
            await call
    assert not await status_page.was_done(first, "u")
    assert await status_page.find("o") is None
    assert not await status_page.restore()
    assert await world.read() == []


async def test_an_incident_that_is_deleted_meanwhile(
    world: InstatusWorld, status_page: Instatus, first: str
) -> None:
    """Between our look and our word."""
    world.fake.before_write.append(world.fake.incidents.clear)
    with pytest.raises(NotFound):
        await status_page.resolve(first, END, once="r")


async def test_an_incident_that_somebody_resolved(
    world: InstatusWorld, status_page: Instatus, first: str
) -> None:
    """It stays resolved; one whose opening was of unknown fate is still found."""
    (theirs,) = world.fake.incidents.values()
    world.fake.say_by_hand(theirs.id, "RESOLVED")
    for call in (
        status_page.post_update(first, TEXT, PublicState.MONITORING, once="v"),
        status_page.resolve(first, END, once="r"),
    ):
        with pytest.raises(Refused, match="is resolved"):
            await call
    assert theirs.status == "RESOLVED"
    assert await status_page.find("o") == first


@pytest.mark.parametrize(("said", "wait"), [("1800", 1800), (None, 60), ("90000", 3600), ("soon", 60)])
async def test_a_limit(world: InstatusWorld, said: str | None, wait: int) -> None:
    """For as long as Instatus says, and a minute where it does not: it was surely not done."""
    headers = {} if said is None else {"Retry-After": said}

    class Limited(InProcessTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.method == "GET":
                return await super().handle_async_request(request)
            return httpx.Response(429, json={"error": {"code": "x", "message": "y"}}, headers=headers)

    with pytest.raises(Busy) as caught:
        await opened(connect(world, Limited(world.fake.app)))
    assert caught.value.retry_after == wait


async def test_the_fakes_limit(world: InstatusWorld, status_page: Instatus) -> None:
    """It is over a minute after the first call; what was recorded is sent then, once."""
    world.fake.calls_a_minute = 2
    with pytest.raises(Busy):
        await opened(status_page)
    world.let_time_pass(60)
    world.fake.calls_a_minute = 60
    await opened(status_page)
    assert len(world.fake.incidents) == 1


async def test_what_it_costs(world: InstatusWorld, status_page: Instatus) -> None:
    """As the README says: three calls to open, two to say something, three to end it."""
    made = await opened(status_page)
    costs = [len(world.fake.calls)]
    await status_page.post_update(made, TEXT, PublicState.IDENTIFIED, once="u")
    costs.append(len(world.fake.calls))
    await status_page.resolve(made, END, once="r")
    costs.append(len(world.fake.calls))
    assert costs == [3, 5, 8]


@pytest.mark.usefixtures("no_repeats")
async def test_a_page_of_html(world: InstatusWorld, status_page: Instatus, first: str) -> None:
    """To a read nothing was done; to a write nobody knows, and it is looked up."""
    for call in CALLS.values():
        world.faults.arm(FaultKind.HTML)
        with pytest.raises(Unreachable):
            await call(status_page, first)
    for write in (opened(status_page, once="3"), status_page.resolve(first, END, once="r")):
        world.faults.arm(FaultKind.HTML, where="POST")
        with pytest.raises(Unknown):
            await write
    assert await status_page.find("3") is None
    assert not await status_page.was_done(first, "r")


@pytest.mark.usefixtures("no_repeats")
@pytest.mark.parametrize("kind", [FaultKind.CRASH, FaultKind.ERROR_AFTER_WORK])
async def test_a_write_of_unknown_fate(world: InstatusWorld, status_page: Instatus, kind: FaultKind) -> None:
    """Never sent again in place: the look-up tells, and the same call again makes one of it."""
    world.faults.arm(kind, where="POST")
    with pytest.raises(Unknown):
        await opened(status_page)
    found = await status_page.find("o")
    assert (found is not None) == (len(world.fake.incidents) == 1)
    made = await opened(status_page)
    (theirs,) = world.fake.incidents.values()
    world.faults.arm(kind, where="POST")
    with pytest.raises(Unknown):
        await status_page.resolve(made, END, once="r")
    assert await status_page.was_done(made, "r") == (theirs.status == "RESOLVED")
    await status_page.resolve(made, END, once="r")
    assert len(theirs.updates) == 2


@pytest.mark.parametrize("shift", [timedelta(hours=2), timedelta(milliseconds=-7)])
async def test_another_time_than_was_sent(
    world: InstatusWorld, status_page: Instatus, first: str, shift: timedelta
) -> None:
    """It could not be known again, and would be said twice: it is told at once, and never sent again."""
    world.fake.shift = shift
    for call in (opened(status_page, once="2"), status_page.resolve(first, END, once="r")):
        with pytest.raises(Refused, match="another time"):
            await call


async def test_an_error_with_success(world: InstatusWorld) -> None:
    """An error in an answer of HTTP 200 is one; of a write nobody knows what it came to, unless it is forbidden."""

    class Odd(InProcessTransport):
        def __init__(self, code: str, method: str) -> None:
            super().__init__(world.fake.app)
            self._code, self._method = code, method

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.method != self._method:
                return await super().handle_async_request(request)
            return httpx.Response(200, json={"error": {"code": self._code, "message": "z"}})

    cases: list[tuple[str, str, type[LiaisonError]]] = [
        ("forbidden", "GET", NotAllowed),
        ("forbidden", "POST", NotAllowed),
        ("else", "GET", Unreachable),
        ("else", "POST", Unknown),
    ]
    for code, method, error in cases:
        with pytest.raises(error):
            await opened(connect(world, Odd(code, method)))


async def test_an_old_page(world: InstatusWorld, status_page: Instatus, first: str) -> None:
    """Ours is found below hundreds of newer ones while it is open; once it is over too, no more."""
    for number in range(NEWEST_PAGES * LISTED):
        world.fake.open_by_hand(str(number), status="RESOLVED" if number % 2 else "MONITORING")
    assert await status_page.find("o") == first
    world.fake.say_by_hand(next(iter(world.fake.incidents)), "RESOLVED")
    assert await status_page.find("o") is None


async def test_a_list_without_end(world: InstatusWorld, first: str) -> None:
    """Half of the open incidents is not taken for all of them."""
    one = {"id": made_id("x"), "status": "INVESTIGATING", "started": "2020-09-12T19:05:17.398Z"}
    calls: list[str] = []

    class Endless(Scripted):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            calls.append(request.url.path)
            return await super().handle_async_request(request)

    with pytest.raises(Unreachable, match="goes on"):
        await connect(world, Endless([[one] * LISTED])).find("o")
    assert len(calls) == NEWEST_PAGES + MOST_PAGES


@pytest.mark.parametrize("answer", [{}, None, [None], [1], {"incidents": []}, "x"])
async def test_no_list(world: InstatusWorld, answer: object) -> None:
    """Taken for an empty one, an incident would be opened twice."""
    with pytest.raises(Unreachable, match="not a list"):
        await opened(connect(world, Scripted([answer])))


@pytest.mark.parametrize("answer", [{}, {"id": ""}, {"id": 7}, {"id": "../x"}, [], None])
async def test_an_answer_that_names_none(world: InstatusWorld, answer: object) -> None:
    """It may be open: looked up, not opened again."""

    class Odd(InProcessTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            said = await super().handle_async_request(request)
            return said if request.method == "GET" else httpx.Response(200, json=answer)

    with pytest.raises(Unknown):
        await opened(connect(world, Odd(world.fake.app)))
    assert await opened(connect(world)) == await connect(world).find("o")
    assert len(world.fake.incidents) == 1


async def test_a_store_that_was_lost(world: InstatusWorld, status_page: Instatus, first: str) -> None:
    """What our store does not know is not ours: nothing is said about it, and it is not found."""
    other = Instatus(
        "instatus/other",
        settings(),
        record=StoredStatusRecord(world.database, "instatus/other"),
        transport=world.network,
    )
    assert await other.find("o") is None
    with pytest.raises(NotFound):
        await other.resolve(first, END, once="r")


async def test_an_empty_message_leaves_no_trace(world: InstatusWorld, status_page: Instatus) -> None:
    """Neither here nor there."""
    with pytest.raises(Refused, match="empty"):
        await status_page.open(TITLE, PublicText(" "), Severity.HIGH, services=[], once="o")
    assert await StoredStatusRecord(world.database, NAME).opened_with("o") is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"page_id": ""}, "page_id"),
        ({"page_id": "../pages"}, "page_id"),
        ({"api_key": SecretStr("")}, "empty"),
        ({"api_key": SecretStr("one\ntwo")}, "header"),
        ({"base_url": "http://api.instatus.com"}, "https"),
        ({"base_url": "https://api.instatus.com/v1"}, "without a version"),
        ({"components": {" ": [GONE]}}, "without a name"),
        ({"components": {"Checkout": ["../x"]}}, "'Checkout': not an id"),
        ({"notify": "somebody"}, "notify"),
        ({"requests_per_minute": 0}, "requests_per_minute"),
    ],
)
def test_settings_that_cannot_be(changes: dict[str, object], words: str) -> None:
    """Refused with the cure when they are saved, and the key is not printed."""
    with pytest.raises(ValidationError, match=words) as caught:
        settings(**changes)
    assert "fake0instatus" not in str(caught.value)
