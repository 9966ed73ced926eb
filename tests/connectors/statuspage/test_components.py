"""Which components show a fault, and how they look while it lasts and when it is over."""

from __future__ import annotations

import httpx
import pytest

from connectors.kit.fakes.in_process import InProcessTransport
from connectors.statuspage import AtlassianStatuspage
from connectors.statuspage.connector import LISTED
from incidents.errors import Refused
from incidents.models import Severity
from incidents.public_incident import PublicState
from tests.connectors.statuspage.conftest import END, GONE, TEXT, TITLE, StatuspageWorld, connect, opened


async def test_components_that_are_gone(world: StatuspageWorld) -> None:
    """`check` names them; the public is told all the same."""
    page = connect(world, components={"Checkout": [world.checkout, GONE], "Search": [GONE]})
    with pytest.raises(Refused, match=f"{GONE} \\(of 'Checkout'\\)"):
        await page.check()
    await opened(page, "Checkout", "Search")
    (read,) = await world.read()
    assert read.services == ("Checkout",)


async def test_a_component_that_goes_meanwhile(
    world: StatuspageWorld, status_page: AtlassianStatuspage
) -> None:
    """Deleted between our look and our call: told without it."""
    world.fake.before_write.append(lambda: world.fake.components.pop(world.search) and None)
    await opened(status_page, "Checkout", "Search")
    (read,) = await world.read()
    assert read.services == ("Checkout",)


async def test_another_refusal(world: StatuspageWorld) -> None:
    """Where no component is gone, it stays one, and is sent once."""
    network = Refusing(world)
    with pytest.raises(Refused, match="422"):
        await opened(connect(world, network))
    assert network.refused == 1


class Refusing(InProcessTransport):
    """Says no to each write."""

    refused = 0

    def __init__(self, world: StatuspageWorld) -> None:
        super().__init__(world.fake.app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return await super().handle_async_request(request)
        self.refused += 1
        return httpx.Response(422, json={"message": "words of a customer"})


@pytest.mark.parametrize(
    ("services", "components", "shown"),
    [
        (["Checkout"], {}, ["Checkout"]),
        ([" checkOUT"], {}, ["Checkout"]),
        (["Checkout", "Search", "Checkout"], {}, ["Checkout", "Search"]),
        (["Payments"], {}, []),
        (["Payments"], {"payments": ["checkout", "search"]}, ["Checkout", "Search"]),
        (["Checkout"], {"Checkout": ["search"]}, ["Search"]),
        (["Checkout"], {"Checkout": []}, []),
        (["Europe"], {}, []),
        ([], {}, []),
    ],
)
async def test_which_components(
    world: StatuspageWorld, services: list[str], components: dict[str, list[str]], shown: list[str]
) -> None:
    """By the settings, else by the name; groups, and services without one, are left out."""
    world.fake.add_component("Europe", is_group=True)
    ids = {"checkout": world.checkout, "search": world.search}
    said = {service: [ids[one] for one in known] for service, known in components.items()}
    page = connect(world, components=said)
    await page.open(TITLE, TEXT, Severity.HIGH, services=services, once="o")
    (read,) = await world.read()
    assert list(read.services) == shown


@pytest.mark.parametrize(
    ("severity", "impact", "status"),
    [
        (Severity.CRITICAL, "critical", "major_outage"),
        (Severity.HIGH, "major", "partial_outage"),
        (Severity.MEDIUM, "minor", "degraded_performance"),
        (Severity.LOW, "minor", "degraded_performance"),
    ],
)
async def test_how_bad_it_looks(
    world: StatuspageWorld, status_page: AtlassianStatuspage, severity: Severity, impact: str, status: str
) -> None:
    """Impact and component by the severity; it works again at the end, and not before."""
    made = await opened(status_page, severity=severity)
    assert (world.fake.incidents[made].impact, world.status(world.checkout)) == (impact, status)
    await status_page.post_update(made, TEXT, PublicState.MONITORING, once="u")
    assert world.status(world.checkout) == status
    await status_page.resolve(made, END, once="r")
    assert world.status(world.checkout) == "operational"


@pytest.mark.parametrize(
    ("before", "opens", "ends"),
    [
        ("operational", "partial_outage", "operational"),
        ("degraded_performance", "partial_outage", "operational"),
        ("major_outage", "major_outage", "operational"),
        ("under_maintenance", "under_maintenance", "under_maintenance"),
    ],
)
async def test_how_a_component_is(
    world: StatuspageWorld, status_page: AtlassianStatuspage, before: str, opens: str, ends: str
) -> None:
    """Never shown better by a fault; a person's maintenance is a person's."""
    world.fake.components[world.checkout].status = before
    made = await opened(status_page)
    assert world.status(world.checkout) == opens
    await status_page.resolve(made, END, once="r")
    assert world.status(world.checkout) == ends


async def test_two_faults_of_one_component(world: StatuspageWorld, status_page: AtlassianStatuspage) -> None:
    """It works again when the last of them is over, whoever opened it; a maintenance in progress is no fault."""
    first = await opened(status_page, severity=Severity.CRITICAL, once="1")
    second = await opened(status_page, severity=Severity.LOW, once="2")
    theirs = world.fake.open_by_hand("Theirs", world.checkout)
    world.fake.open_by_hand("Planned", world.checkout, status="in_progress")
    await status_page.resolve(first, END, once="r1")
    await status_page.resolve(second, END, once="r2")
    assert world.status(world.checkout) == "major_outage"
    world.fake.say_by_hand(theirs, "resolved")
    third = await opened(status_page, once="3")
    await status_page.resolve(third, END, once="r3")
    assert world.status(world.checkout) == "operational"


async def test_hundreds_of_components(world: StatuspageWorld, status_page: AtlassianStatuspage) -> None:
    """All their pages are read."""
    last = [world.fake.add_component(f"Region {number}") for number in range(2 * LISTED + 1)][-1]
    assert "and 184 more" in await status_page.check()
    await opened(status_page, f"Region {2 * LISTED}")
    assert world.status(last) == "partial_outage"


async def test_no_components(world: StatuspageWorld, status_page: AtlassianStatuspage) -> None:
    world.fake.components.clear()
    assert "no components" in await status_page.check()
    await opened(status_page)
    (read,) = await world.read()
    assert read.services == ()
