"""What Statuspage is documented to do, and what an honest client would get wrong about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx
import pytest
from pydantic import SecretStr, ValidationError

from connectors.kit.fakes.faults import FaultKind
from connectors.kit.fakes.in_process import InProcessTransport
from connectors.statuspage import AtlassianStatuspage
from connectors.statuspage.connector import LISTED, MOST_PAGES, NEWEST_PAGES
from connectors.statuspage.fake.records import made_id
from incidents.errors import Busy, LiaisonError, NotAllowed, NotFound, Refused, Unknown, Unreachable
from incidents.public_incident import PublicState
from tests.connectors.statuspage.conftest import (
    END,
    GONE,
    TEXT,
    StatuspageWorld,
    connect,
    opened,
    settings,
)
from tests.connectors.strange_answers import Scripted

Call = Callable[[AtlassianStatuspage], Awaitable[object]]


CALLS: dict[str, Call] = {
    "check": lambda page: page.check(),
    "restore": lambda page: page.restore(),
    "open": opened,
    "post_update": lambda page: page.post_update(GONE, TEXT, PublicState.IDENTIFIED, once="u"),
    "resolve": lambda page: page.resolve(GONE, END, once="r"),
    "find": lambda page: page.find("o"),
    "was_done": lambda page: page.was_done(GONE, "u"),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
async def test_a_wrong_key(world: StatuspageWorld, call: Call) -> None:
    """A person must act, and nothing that waits is thrown away."""
    with pytest.raises(NotAllowed, match="credentials"):
        await call(connect(world, api_key=SecretStr("another-key")))


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
async def test_a_page_that_is_not_ours(world: StatuspageWorld, call: Call) -> None:
    """It is answered like an incident that is gone, and is none: what was to be said waits until somebody mends it."""
    with pytest.raises(NotAllowed, match="page_id"):
        await call(connect(world, page_id="another4page"))


async def test_a_key_that_may_not_write(world: StatuspageWorld, status_page: AtlassianStatuspage) -> None:
    """It is known by the first write only, which waits."""
    world.fake.may_write = False
    assert await status_page.check()
    with pytest.raises(NotAllowed):
        await opened(status_page)


async def test_what_check_says(world: StatuspageWorld, status_page: AtlassianStatuspage) -> None:
    """Which page, who reads it, its components and of what subscribers are told; twice in a minute, too."""
    names = ", ".join(f"{one.name} ({one.id})" for one in world.fake.components.values())
    for _ in range(2):
        assert await status_page.check() == (
            f"Acme (https://status.acme.example), read by everybody; components: {names};"
            " subscribers are told: every update"
        )
    world.fake.is_private = True
    other = world.fake.add_component("checkout ")
    world.fake.add_component("Europe", is_group=True)
    said = await connect(world, notify="nobody").check()
    assert "read by team members only" in said
    assert f"not the only one: Checkout ({world.checkout}), checkout  ({other});" in said
    assert said.endswith("told: nobody")
    assert "Europe" not in said


@pytest.mark.parametrize(
    ("notify", "told"),
    [
        ("every_update", [True, True, True]),
        ("opening_and_end", [True, False, True]),
        ("nobody", [False, False, False]),
    ],
)
async def test_who_is_notified(world: StatuspageWorld, notify: str, told: list[bool]) -> None:
    """Said in each call: left out, all subscribers would be told."""
    page = connect(world, notify=notify)
    made = await opened(page)
    await page.post_update(made, TEXT, PublicState.IDENTIFIED, once="u")
    await page.resolve(made, END, once="r")
    assert [one["deliver_notifications"] for one in world.fake.written] == told
    assert len(world.fake.notified) == sum(told)


async def test_what_others_keep_with_an_incident(
    world: StatuspageWorld, status_page: AtlassianStatuspage
) -> None:
    """Metadata is written whole, so what another tool keeps there is written again with ours."""
    made = await opened(status_page)
    world.fake.incidents[made].metadata["jira"] = {"issue_id": "7"}
    await status_page.post_update(made, TEXT, PublicState.IDENTIFIED, once="u")
    metadata = world.fake.incidents[made].metadata
    assert metadata["jira"] == {"issue_id": "7"}
    assert all(isinstance(value, dict) for value in metadata.values())
    assert await status_page.find("o") == made
    assert await status_page.was_done(made, "u")


async def test_an_incident_that_somebody_deleted(
    world: StatuspageWorld, status_page: AtlassianStatuspage
) -> None:
    """It is no more: nothing is said about it, and none of it was done. It is not put back."""
    made = await opened(status_page)
    await status_page.post_update(made, TEXT, PublicState.IDENTIFIED, once="u")
    world.fake.delete_by_hand(made)
    for call in (
        status_page.post_update(made, TEXT, PublicState.MONITORING, once="v"),
        status_page.resolve(made, END, once="r"),
    ):
        with pytest.raises(NotFound, match="somebody deleted it"):
            await call
    assert not await status_page.was_done(made, "u")
    assert await status_page.find("o") is None
    assert not await status_page.restore()
    assert await world.read() == []


async def test_an_incident_that_somebody_resolved(
    world: StatuspageWorld, status_page: AtlassianStatuspage
) -> None:
    """It stays resolved; one whose opening was of unknown fate is still found."""
    made = await opened(status_page)
    world.fake.say_by_hand(made, "resolved")
    for call in (
        status_page.post_update(made, TEXT, PublicState.MONITORING, once="v"),
        status_page.resolve(made, END, once="r"),
    ):
        with pytest.raises(Refused, match="is resolved"):
            await call
    assert world.fake.incidents[made].status == "resolved"
    assert await status_page.find("o") == made


@pytest.mark.parametrize("status", [420, 429])
@pytest.mark.parametrize(("said", "wait"), [("1800", 1800), (None, 60), ("90000", 3600), ("soon", 60)])
async def test_a_limit(world: StatuspageWorld, status: int, said: str | None, wait: int) -> None:
    """By either number, for as long as Statuspage says, and a minute where it does not: it was surely not done."""
    headers = {} if said is None else {"Retry-After": said}

    class Limited(InProcessTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.method == "GET":
                return await super().handle_async_request(request)
            return httpx.Response(status, json={"message": "Rate limit exceeded"}, headers=headers)

    with pytest.raises(Busy) as caught:
        await opened(connect(world, Limited(world.fake.app)))
    assert caught.value.retry_after == wait


@pytest.mark.parametrize("status", [420, 429])
async def test_sixty_calls_a_minute(
    world: StatuspageWorld, status_page: AtlassianStatuspage, status: int
) -> None:
    """The fake's own limit, which others' calls use up, too; it is over a minute after the first of them."""
    world.fake.calls_a_minute, world.fake.limit_status = 60, status
    for _ in range(60):
        await status_page.restore()
    world.let_time_pass(20)
    with pytest.raises(Busy) as caught:
        await opened(status_page)
    assert caught.value.retry_after == 40
    world.let_time_pass(40)
    assert await opened(status_page)


async def test_what_it_costs(world: StatuspageWorld, status_page: AtlassianStatuspage) -> None:
    """As the README says: three calls to open, two to say something, three to end it."""
    costs = []
    made = ""
    for number in range(3):
        world.fake.calls.clear()
        if number == 0:
            made = await opened(status_page)
        elif number == 1:
            await status_page.post_update(made, TEXT, PublicState.IDENTIFIED, once="u")
        else:
            await status_page.resolve(made, END, once="r")
        costs.append(len(world.fake.calls))
    assert costs == [3, 2, 3]


@pytest.mark.usefixtures("no_repeats")
async def test_a_page_of_html(world: StatuspageWorld, status_page: AtlassianStatuspage) -> None:
    """To a read nothing was done; to a write nobody knows, and it is looked up."""
    made = await opened(status_page)
    for call in CALLS.values():
        world.faults.arm(FaultKind.HTML)
        with pytest.raises(Unreachable):
            await call(status_page)
    for where, write in (
        ("POST", opened(status_page, once="2")),
        ("PATCH", status_page.resolve(made, END, once="r")),
    ):
        world.faults.arm(FaultKind.HTML, where=where)
        with pytest.raises(Unknown):
            await write
    assert await status_page.find("2") is None
    assert not await status_page.was_done(made, "r")


@pytest.mark.usefixtures("no_repeats")
@pytest.mark.parametrize(
    ("kind", "error"), [(FaultKind.CRASH, Unknown), (FaultKind.ERROR_AFTER_WORK, Unknown)]
)
async def test_a_write_of_unknown_fate(
    world: StatuspageWorld, status_page: AtlassianStatuspage, kind: FaultKind, error: type[LiaisonError]
) -> None:
    """Never sent again in place: the look-up tells, and the same call again makes one of it."""
    world.faults.arm(kind, where="POST")
    with pytest.raises(error):
        await opened(status_page)
    found = await status_page.find("o")
    assert (found is not None) == (len(world.fake.incidents) == 1)
    made = await opened(status_page)
    world.faults.arm(kind, where="PATCH")
    with pytest.raises(error):
        await status_page.resolve(made, END, once="r")
    assert await status_page.was_done(made, "r") == (world.fake.incidents[made].status == "resolved")
    await status_page.resolve(made, END, once="r")
    assert [len(one.said) for one in world.fake.incidents.values()] == [2]


async def test_an_old_page(world: StatuspageWorld, status_page: AtlassianStatuspage) -> None:
    """Ours is found below hundreds of newer ones while it is open; once it is over too, no more."""
    made = await opened(status_page)
    for number in range(NEWEST_PAGES * LISTED):
        world.fake.open_by_hand(str(number), status="resolved" if number % 2 else "monitoring")
    assert await status_page.find("o") == made
    world.fake.say_by_hand(made, "resolved")
    assert await status_page.find("o") is None
    assert await status_page.find("another") is None


async def test_a_list_without_end() -> None:
    """Half of the open incidents is not taken for all of them."""
    one = {"id": made_id("x"), "status": "investigating"}
    calls: list[str] = []

    class Endless(Scripted):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            calls.append(request.url.path)
            return await super().handle_async_request(request)

    page = AtlassianStatuspage("statuspage/a", settings(), transport=Endless([[one] * LISTED]))
    with pytest.raises(Unreachable, match="goes on"):
        await page.find("o")
    assert len(calls) == NEWEST_PAGES + MOST_PAGES


@pytest.mark.parametrize("answer", [{}, None, [None], [1], {"incidents": []}, "x"])
async def test_no_list(answer: object) -> None:
    """Taken for an empty one, an incident would be opened twice."""
    page = AtlassianStatuspage("statuspage/a", settings(), transport=Scripted([answer]))
    with pytest.raises(Unreachable, match="not a list"):
        await opened(page)


async def test_success_that_changes_nothing(world: StatuspageWorld, status_page: AtlassianStatuspage) -> None:
    """It is not called done."""
    made = await opened(status_page)
    world.fake.is_deaf = True
    with pytest.raises(Refused, match="nothing was said"):
        await status_page.post_update(made, TEXT, PublicState.IDENTIFIED, once="u")


@pytest.mark.parametrize("answer", [{}, {"id": ""}, {"id": 7}, {"id": "../x"}, [], None])
async def test_an_answer_to_the_opening_that_names_none(world: StatuspageWorld, answer: object) -> None:
    """It may be open: looked up, not opened again."""

    class Odd(InProcessTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            said = await super().handle_async_request(request)
            return said if request.method == "GET" else httpx.Response(201, json=answer)

    with pytest.raises(Unknown):
        await opened(connect(world, Odd(world.fake.app)))
    assert len(world.fake.incidents) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"page_id": ""}, "page_id"),
        ({"page_id": "../pages"}, "page_id"),
        ({"page_id": "https://manage.statuspage.io"}, "page_id"),
        ({"api_key": SecretStr("")}, "empty"),
        ({"api_key": SecretStr("one\ntwo")}, "header"),
        ({"base_url": "http://api.statuspage.io/v1"}, "https"),
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
    assert "fake-statuspage-api-key" not in str(caught.value)
