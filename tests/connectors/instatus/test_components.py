"""Which components show a fault, and how they look while it lasts and when it is over."""

from __future__ import annotations

import httpx
import pytest

from connectors.instatus import Instatus
from connectors.instatus.connector import LISTED
from connectors.kit.fakes.in_process import InProcessTransport
from incidents.errors import Refused
from incidents.models import Severity
from incidents.public_incident import PublicState
from tests.connectors.instatus.conftest import END, GONE, TEXT, TITLE, InstatusWorld, connect, opened


async def test_components_that_are_gone(world: InstatusWorld) -> None:
    """`check` names them; the public is told all the same."""
    page = connect(world, components={"Checkout": [world.checkout, GONE], "Search": [GONE]})
    with pytest.raises(Refused, match=f"{GONE} \\(of 'Checkout'\\)"):
        await page.check()
    await opened(page, "Checkout", "Search")
    (read,) = await world.read()
    assert read.services == ("Checkout",)


async def test_a_component_that_goes_meanwhile(world: InstatusWorld, status_page: Instatus) -> None:
    """Deleted between our look and our call: told without it, and later words, too."""
    world.fake.before_write.append(lambda: world.fake.components.pop(world.search) and None)
    made = await opened(status_page, "Checkout", "Search")
    world.fake.components.pop(world.checkout)
    await status_page.resolve(made, END, once="r")
    (read,) = await world.read()
    assert (len(read.said), read.services) == (2, ())


async def test_a_minor_outage(world: InstatusWorld, status_page: Instatus) -> None:
    """Instatus' webhooks name it, its other pages do not: a worse fault is shown, and the end ends it."""
    component = world.fake.components[world.checkout]
    component.status = "MINOROUTAGE"
    made = await status_page.open(TITLE, TEXT, Severity.CRITICAL, services=["Checkout"], once="o")
    assert component.status == "MAJOROUTAGE"
    component.status = "MINOROUTAGE"
    await status_page.resolve(made, END, once="r")
    assert component.status == "OPERATIONAL"


async def test_another_refusal(world: InstatusWorld) -> None:
    """Where no component is gone, it stays one, and is sent once."""

    class Refusing(InProcessTransport):
        refused = 0

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.method == "GET":
                return await super().handle_async_request(request)
            self.refused += 1
            return httpx.Response(400, json={"error": {"code": "x", "message": "words of a customer"}})

    network = Refusing(world.fake.app)
    with pytest.raises(Refused, match="400") as caught:
        await opened(connect(world, network))
    assert network.refused == 1
    assert "customer" not in str(caught.value)


@pytest.mark.parametrize(
    ("services", "components", "shown"),
    [
        (["Checkout"], {}, ["Checkout"]),
        ([" checkOUT"], {}, ["Checkout"]),
        (["Checkout", "Search", "Checkout"], {}, ["Checkout", "Search"]),
        (["Payments"], {}, []),
        (["Payments"], {"payments": ["checkout", "search"]}, ["Checkout", "Search"]),
        (["Checkout"], {"Checkout": []}, []),
        (["Europe"], {}, []),
        (["Frankfurt"], {}, ["Frankfurt"]),
    ],
)
async def test_which_components(
    world: InstatusWorld, services: list[str], components: dict[str, list[str]], shown: list[str]
) -> None:
    """By the settings, else by the name; headings, and services without a component, are left out."""
    heading = world.fake.add_component("Europe")
    world.fake.add_component("Frankfurt", group=heading)
    ids = {"checkout": world.checkout, "search": world.search}
    said = {service: [ids[one] for one in known] for service, known in components.items()}
    page = connect(world, components=said)
    await page.open(TITLE, TEXT, Severity.HIGH, services=services, once="o")
    (read,) = await world.read()
    assert list(read.services) == shown


@pytest.mark.parametrize(
    ("severity", "status"),
    [
        (Severity.CRITICAL, "MAJOROUTAGE"),
        (Severity.HIGH, "PARTIALOUTAGE"),
        (Severity.MEDIUM, "DEGRADEDPERFORMANCE"),
        (Severity.LOW, "DEGRADEDPERFORMANCE"),
    ],
)
async def test_how_bad_it_looks(
    world: InstatusWorld, status_page: Instatus, severity: Severity, status: str
) -> None:
    """By the severity; it works again at the end, and not before."""
    made = await opened(status_page, severity=severity)
    assert world.status(world.checkout) == status
    await status_page.post_update(made, TEXT, PublicState.MONITORING, once="u")
    assert world.status(world.checkout) == status
    await status_page.resolve(made, END, once="r")
    assert world.status(world.checkout) == "OPERATIONAL"


@pytest.mark.parametrize(
    ("before", "opens", "ends"),
    [
        ("OPERATIONAL", "PARTIALOUTAGE", "OPERATIONAL"),
        ("DEGRADEDPERFORMANCE", "PARTIALOUTAGE", "OPERATIONAL"),
        ("MAJOROUTAGE", "MAJOROUTAGE", "OPERATIONAL"),
        ("UNDERMAINTENANCE", "UNDERMAINTENANCE", "UNDERMAINTENANCE"),
    ],
)
async def test_how_a_component_is(
    world: InstatusWorld, status_page: Instatus, before: str, opens: str, ends: str
) -> None:
    """Never shown better by a fault; a person's maintenance is a person's."""
    world.fake.components[world.checkout].status = before
    made = await opened(status_page)
    assert world.status(world.checkout) == opens
    await status_page.resolve(made, END, once="r")
    assert world.status(world.checkout) == ends


async def test_two_faults_of_one_component(world: InstatusWorld, status_page: Instatus) -> None:
    """It works again when the last of them is over, whoever opened it."""
    first = await opened(status_page, severity=Severity.CRITICAL, once="1")
    second = await opened(status_page, severity=Severity.LOW, once="2")
    theirs = world.fake.open_by_hand("Theirs", world.checkout)
    await status_page.resolve(first, END, once="r1")
    await status_page.resolve(second, END, once="r2")
    assert world.status(world.checkout) == "MAJOROUTAGE"
    world.fake.say_by_hand(theirs, "RESOLVED")
    third = await opened(status_page, once="3")
    await status_page.resolve(third, END, once="r3")
    assert world.status(world.checkout) == "OPERATIONAL"


async def test_hundreds_of_components(world: InstatusWorld, status_page: Instatus) -> None:
    """All their pages are read."""
    last = [world.fake.add_component(f"Region {number}") for number in range(2 * LISTED + 1)][-1]
    assert "and 184 more" in await status_page.check()
    await opened(status_page, f"Region {2 * LISTED}")
    assert world.status(last) == "PARTIALOUTAGE"


async def test_no_components(world: InstatusWorld, status_page: Instatus) -> None:
    world.fake.components.clear()
    assert "no components" in await status_page.check()
    await opened(status_page)
    (read,) = await world.read()
    assert read.services == ()
