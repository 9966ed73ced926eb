"""The page of files keeps what a status page promises; and what the public reads on it."""

from __future__ import annotations

from datetime import timedelta
from xml.etree import ElementTree

import pytest
from pydantic import ValidationError

from connectors.staticpage import StaticPage, StaticPageSettings
from incidents.models import PublicText, Severity
from incidents.public_incident import PublicState
from tests.connectors.staticpage.conftest import World
from tests.contracts.public_files import PublicFilesContract
from tests.contracts.status_page import StatusPageContract

ATOM = "{http://www.w3.org/2005/Atom}"


class TestStaticPageIsAStatusPage(StatusPageContract):
    """On a folder and a real store; its lost reply is a disk that is full in the midst of writing."""


class TestStaticPageIsPublicFiles(PublicFilesContract):
    @pytest.fixture
    async def served(self, world: World) -> StaticPage:
        page = world.page(served=True)
        await page.check()
        return page

    @pytest.fixture
    def unserved(self, world: World) -> StaticPage:
        return world.page(folder=f"{world.folder}-2")


async def _opened(world: World, *, severity: Severity = Severity.HIGH, once: str = "1") -> str:
    return await world.page().open(
        PublicText("Problem with Checkout"),
        PublicText("We see it.\n\nNext update by 12:30 UTC."),
        severity,
        services=["Checkout"],
        once=once,
    )


async def test_nothing_ever_happened(world: World) -> None:
    """The page is there before the first fault: `liaison check` writes it."""
    assert "written anew: status.json, atom.xml, history.html, index.html" in await world.page().check()
    assert "All services are working" in world.text()
    assert world.json()["services"] == [
        {"name": "Checkout", "state": "working"},
        {"name": "Search", "state": "working"},
    ]
    said = await world.page().check()
    # Behind it stands that nobody else may enter where pytest's folders are.
    assert said.partition("; not everybody")[0] == f"0 public incidents in {world.folder}"


@pytest.mark.parametrize(
    ("severity", "state", "expected", "headline"),
    [
        (Severity.CRITICAL, PublicState.INVESTIGATING, "disrupted", "Problem with Checkout"),
        (Severity.HIGH, PublicState.IDENTIFIED, "disrupted", "Problem with Checkout"),
        (Severity.MEDIUM, PublicState.INVESTIGATING, "partly_disrupted", "Problem with Checkout"),
        (Severity.LOW, PublicState.INVESTIGATING, "partly_disrupted", "Problem with Checkout"),
        (Severity.CRITICAL, PublicState.MONITORING, "watched", "Fixed, and being watched: Checkout"),
        (Severity.CRITICAL, PublicState.RESOLVED, "working", "All services are working"),
    ],
)
async def test_how_a_service_is(
    world: World, severity: Severity, state: PublicState, expected: str, headline: str
) -> None:
    """By the severity of its public incident and by how far that one has come; the other service works."""
    made = await _opened(world, severity=severity)
    await world.page().post_update(made, PublicText("x"), state, once="2")
    assert [one["state"] for one in world.json()["services"]] == [expected, "working"]
    assert world.json()["summary"] == headline
    assert headline in world.text()


async def test_two_faults_of_one_service(world: World) -> None:
    """The worse one says how the service is."""
    await _opened(world, severity=Severity.LOW, once="1")
    await _opened(world, severity=Severity.HIGH, once="2")
    made = await _opened(world, severity=Severity.HIGH, once="3")
    await world.page().post_update(made, PublicText("x"), PublicState.MONITORING, once="4")
    assert world.json()["services"][0] == {"name": "Checkout", "state": "disrupted"}


async def test_the_past(world: World) -> None:
    """Two weeks on the first page, a year in history, feed and JSON; then it is gone from the page, not the store."""
    made = await _opened(world)
    world.now += timedelta(minutes=42)
    await world.page().resolve(made, PublicText("It works again."), once="2")
    assert "until" in world.text()
    assert "It works again." in world.text()
    world.now += timedelta(days=16)
    assert await world.page().restore()
    assert "None in the last 14 days" in world.text()
    assert 'href="history.html"' in world.text()
    assert "It works again." in world.text("history.html")
    assert not await world.page().restore()
    world.now += timedelta(days=360)
    assert await world.page().restore()
    assert "It works again." not in world.text("history.html") + world.text("status.json")


async def test_the_feed(world: World) -> None:
    """An entry keeps its id while its words change; links lead to the page where its address is known."""
    page = world.page(address="https://status.acme.example")
    made = await page.open(
        PublicText("Problem"), PublicText("One."), Severity.HIGH, services=["Checkout"], once="1"
    )
    before = ElementTree.fromstring(world.text("atom.xml"))  # noqa: S314  # our own
    world.now += timedelta(minutes=5)
    await page.post_update(made, PublicText("Two."), PublicState.MONITORING, once="2")
    after = ElementTree.fromstring(world.text("atom.xml"))  # noqa: S314  # our own
    one, two = (feed.find(f"{ATOM}entry") for feed in (before, after))
    assert one is not None
    assert two is not None
    assert one.findtext(f"{ATOM}id") == two.findtext(f"{ATOM}id")
    assert (one.findtext(f"{ATOM}updated"), two.findtext(f"{ATOM}updated")) == (
        "2026-03-01T12:00:00Z",
        "2026-03-01T12:05:00Z",
    )
    assert two.findtext(f"{ATOM}title") == "Being watched: Problem"
    assert "Two." in (two.findtext(f"{ATOM}content") or "")
    links = [link.get("href") for link in after.iter(f"{ATOM}link")]
    assert links == [
        "https://status.acme.example/atom.xml",
        "https://status.acme.example/",
        f"https://status.acme.example/#incident-{made}",
    ]


async def test_times_are_the_readers(world: World) -> None:
    """In the zone that the operator names, with the zone beside it."""
    await world.page(time_zone="Europe/Berlin").open(
        PublicText("x"), PublicText("y"), Severity.HIGH, services=[], once="1"
    )
    assert '<time datetime="2026-03-01T12:00:00Z">1 March 2026, 13:00 CET</time>' in world.text()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"folder": "status"}, "absolute path"),
        ({"folder": "/"}, "absolute path"),
        ({"folder": "/var/../etc"}, "absolute path"),
        ({"folder": "/s", "title": "\u200b"}, "nothing that can be read"),
        ({"folder": "/s", "services": ["Checkout", " "]}, "without a name"),
        ({"folder": "/s", "address": "javascript:alert(1)"}, "no web address"),
        ({"folder": "/s", "address": "https://me:secret@x.example"}, "no web address"),
        ({"folder": "/s", "time_zone": "Middle/Earth"}, "no time zone"),
        ({"folder": "/s", "time_zone": "../../etc/passwd"}, "no time zone"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, object], words: str) -> None:
    """Refused with the cure, when they are saved."""
    with pytest.raises(ValidationError, match=words):
        StaticPageSettings.model_validate(settings)
