"""What customers wrote, on the incident's pages in Prefect's two UIs, as a browser shows them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest
from prefect import flow
from prefect.artifacts import acreate_markdown_artifact
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.sorting import ArtifactSort

from incidents.case import Entry, EntryKind
from incidents.models import Contact, JoinOrigin
from incidents.store.database import Database
from incidents.store.tickets import link_tickets, save_tickets
from incidents.store.timeline import append_entries
from tasks import resources
from tasks.stages.story import tell_story
from tests.incidents.builders import POLICY
from tests.incidents.store.examples import NOW, a_step, new_incident, ticket
from tests.real.browser import Rendered, render
from tests.real.programs import debian_program
from tests.servers import PrefectServer

pytestmark = pytest.mark.real

HOSTILE = (
    "<img src='https://evil.example/i.png' onerror='document.title=\"pwned\"'>"
    ' <script>document.title="pwned"</script> <svg onload=\'document.title="pwned"\'></svg>'
    " ![i](https://evil.example/j.png) [log in](https://evil.example/login) <https://evil.example/a>"
    " https://evil.example/bare www.evil.example Www.evil.example ftp://evil.example mail@evil.example"
    " <a href='javascript:alert(1)'>x</a> [r]\n\n[r]: https://evil.example/ref\n\n# big\n\r- `item` **bold**"
    "\r\n\n| a | b |\n|---|---|\n| [x](https://evil.example/t) | y |\n\n    code &lt;img src=x&gt; &#60;img src=x&#62;"
)
PAGES = ("artifacts", "artifacts/key/{key}", "artifacts/artifact/{id}")
UIS = ("", "v2/")


@flow
async def flow_with_the_story(incident_id: int) -> str:
    return await tell_story(incident_id)


@flow
async def flow_as_it_came(key: str) -> None:
    await acreate_markdown_artifact(key=key, markdown=f"SHOWN {HOSTILE}", description=HOSTILE)


class Browser:
    """Opens pages of one Prefect server."""

    def __init__(self, server: PrefectServer, client: PrefectClient, home: Path) -> None:
        self._ui = server.api_url.removesuffix("api")
        self._client = client
        self._home = home
        self._program = debian_program("chromium")

    async def open(self, page: str, key: str, *, until: str) -> Rendered:
        (artifact,) = await self._client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key])),
            sort=ArtifactSort.CREATED_DESC,
            limit=1,
        )
        url = self._ui + page.format(key=key, id=artifact.id)
        return await render(self._program, url, until=until, home=self._home)


@pytest.fixture
def browser(prefect_server: PrefectServer, prefect_client: PrefectClient, tmp_path: Path) -> Browser:
    return Browser(prefect_server, prefect_client, tmp_path)


@pytest.fixture
async def story(
    database: Database, prefect_server: PrefectServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[str]:
    """The key of an incident's page on which every word is hostile."""
    async with database.transaction() as tx:
        incident = await new_incident(tx, title=HOSTILE)
        addresses = ("https://desk.example/1", "javascript:alert(1)", "https://evil.example/)![x](https://x")
        hostile = [
            ticket(number, subject=HOSTILE, requester=Contact(id="7", name=HOSTILE), url=url)
            for number, url in enumerate(addresses)
        ]
        await save_tickets(tx, hostile)
        await link_tickets(
            tx, incident.id, [item.ref for item in hostile], origin=JoinOrigin.RULE, reason=HOSTILE, now=NOW
        )
        entries = [Entry(kind=EntryKind.NOTE, actor=HOSTILE, text=HOSTILE)]
        await append_entries(a_step(tx), incident.id, entries)
    policy = tmp_path / "liaison.yaml"
    policy.write_text(POLICY)
    monkeypatch.setenv("LIAISON_DATABASE_URL", database.url)
    monkeypatch.setenv("LIAISON_POLICY", str(policy))
    with prefect_server.settings():
        yield await flow_with_the_story(incident.id)
    await resources.close()


def harm(page: Rendered) -> list[str]:
    """Whatever on the page a customer has made: pictures, scripts, and addresses of theirs."""
    return [*_foreign(page), *_running(page)]


def _foreign(page: Rendered) -> Iterable[str]:
    for tag, attributes in page.elements:
        for name in ("src", "href", "srcset", "action", "data", "xlink:href"):
            address = attributes.get(name, "")
            if "evil.example" in address or address.startswith(("javascript:", "mailto:")):
                yield f"{tag} to {address}"


def _running(page: Rendered) -> Iterable[str]:
    yield from (
        f"{tag} with {name}" for tag, names in page.elements for name in names if name.startswith("on")
    )
    yield from (f"picture {attributes}" for attributes in page.of("img"))
    if "pwned" in page.title:
        yield "a script that ran"


@pytest.mark.parametrize("ui", UIS, ids=["old", "new"])
async def test_hostile_words_stay_words(browser: Browser, story: str, ui: str) -> None:
    """On the list, on the incident's own list and on its page: no picture, no link of theirs, no script."""
    for page in PAGES:
        rendered = await browser.open(ui + page, story, until=story.upper())
        assert harm(rendered) == [], page
    assert '<script>document.title="pwned"</script>' in rendered.text
    assert "https://evil.example/bare" in rendered.text
    assert {"href": "https://desk.example/1"}.items() <= next(
        link.items() for link in rendered.of("a") if "desk.example" in link.get("href", "")
    )


@pytest.mark.parametrize("ui", UIS, ids=["old", "new"])
async def test_the_browser_sees_harm(browser: Browser, prefect_server: PrefectServer, ui: str) -> None:
    """Unescaped, the same words do make pictures and links there: what the test above looks for exists."""
    key = "as-it-came" + ui.strip("/")
    with prefect_server.settings():
        await flow_as_it_came(key)
    seen = harm(await browser.open(ui + PAGES[2], key, until="SHOWN"))
    assert any("picture" in item for item in seen)
    assert any("evil.example/login" in item for item in seen)
    assert any("mailto:" in item for item in seen)
