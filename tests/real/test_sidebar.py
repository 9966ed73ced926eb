"""The app that Zendesk shows beside a ticket, in Chromium: the package as it is written, the gateway's own answers, and
a client that behaves as Zendesk documents its own."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from connectors.kit.fakes.loopback import serving
from deployments.gateway.board.sidebar import PATH, Sidebar
from deployments.sidebar.packaging import app_files, write_app
from incidents.effects import customer_message
from incidents.links.sidebar_links import sidebar_token
from incidents.models import JoinOrigin, PublicText, Severity
from incidents.policy.policy import Policy
from incidents.store.database import Database
from incidents.store.ledger.effects import plan_effects
from incidents.store.tickets import link_tickets, save_tickets
from tests.incidents.builders import a_policy
from tests.incidents.store.examples import HELPDESK, new_incident, ticket
from tests.real.programs import cached_program, debian_program

pytestmark = pytest.mark.real

KEY = "the operator's key"
SECONDS = 90.0
HOSTILE = (
    "</main><img src=x onerror=\"document.title='pwned'\"><script>document.title='pwned'</script>"
    + "long" * 80
)


@dataclass
class Installation:
    """Where the app and the gateway are, and the policy, to be exchanged before an agent looks."""

    page: str
    gateway: str
    policy: Policy
    token: str

    async def agent(self, **story: Any) -> dict[str, Any]:
        """What one agent sees, and what comes of what they press."""
        given = {"locale": "en-US", "scheme": "light", "width": 320} | story
        arguments = (self.page, self.gateway, self.token, str(debian_program("chromium")), json.dumps(given))
        program = await asyncio.create_subprocess_exec(
            *(debian_program("node"), Path(__file__).with_name("sidebar.cjs"), *arguments),
            env=os.environ | {"NODE_PATH": str(cached_program("axe", "node_modules").resolve())},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(SECONDS):
            out, err = await program.communicate()
        assert program.returncode == 0, err.decode()
        found: dict[str, Any] = json.loads(out)
        assert (found["violations"], found["incomplete"], found["complaints"]) == ([], [], [])
        assert found["field"] == found["page"]
        assert self.token not in found["html"] + json.dumps(found["proxied"]), "the browser has no secret"
        needed, given_height = found["height"]
        assert needed == given_height, "all of it is seen, and no more room is taken"
        return found


@pytest.fixture
async def installation(database: Database, tmp_path: Path) -> AsyncIterator[Installation]:
    """Ticket 1 belongs to an incident with hostile words."""
    now = datetime.now(UTC)
    async with database.transaction() as tx:
        opened = await new_incident(tx, title=HOSTILE, severity=Severity.CRITICAL, now=now)
        joined = ticket(1)
        await save_tickets(tx, [joined])
        await link_tickets(tx, opened.id, [joined.ref], origin=JoinOrigin.RULE, reason="same", now=now)
        said = customer_message(opened.id, joined.ref, "INC-1:told", PublicText("We are on it."), "7")
        await plan_effects(tx, [said])
    write_app(tmp_path, app_files(HELPDESK, gateway="https://liaison.example.com", email="ops@example.com"))
    installed = Installation(
        page="",
        gateway="",
        policy=a_policy(links={"gateway": "https://liaison.example.com"}),
        token=sidebar_token(KEY, HELPDESK, now=now),
    )
    sidebar = Sidebar(database, KEY, policy=lambda: installed.policy, clock=lambda: datetime.now(UTC))
    files = Starlette()
    files.mount("/", StaticFiles(directory=tmp_path))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(PATH):
            await (await sidebar.answer(scope["path"].removeprefix(PATH), scope)).send(send)
        else:
            await files(scope, receive, send)

    async with serving(app) as address:
        installed.page, installed.gateway = f"{address}/assets/iframe.html", address
        yield installed


@pytest.mark.parametrize(
    ("locale", "scheme", "width", "heading"),
    [("en-US", "light", 320, "What happens next"), ("de", "dark", 600, "Wie es weitergeht")],
)
async def test_everybody_can_read_it(
    installation: Installation, locale: str, scheme: str, width: int, heading: str
):
    """No violation of axe-core's, no word of a stranger's that runs, nothing asked of anybody else."""
    found = await installation.agent(locale=locale, scheme=scheme, width=width)
    assert heading in found["text"]
    assert "We are on it." in found["text"]
    assert (found["title"], found["language"]) == ("Liaison", locale.partition("-")[0])
    assert found["page"][1] == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(20, 23, 27)")
    assert not found["scrolls_sideways"]
    assert found["passes"] > 12
    hosts = {address.split("/")[2].partition(":")[0] for address in found["asked"]}
    assert hosts == {"127.0.0.1", "static.zdassets.com"}
    assert {one["url"] for one in found["proxied"]} == {
        "https://liaison.example.com/sidebar/zendesk/support/1"
    }


async def test_a_command_is_put_into_a_private_note_for_its_agent_to_send(installation: Installation):
    """Zendesk does not tell for whom a program wrote; what an agent sends there, it does."""
    found = await installation.agent(press=["promise", "14:30"])
    assert found["editor"] == {"comment.type": "internalNote", "comment.text": "/liaison promise 14:30"}
    assert "Look at it and send it" in found["answered"]
    assert found["written"] == []


async def test_a_command_is_written_where_the_policy_believes_such_notes(installation: Installation):
    installation.policy = a_policy(commands={"believed": [HELPDESK]})
    found = await installation.agent(press=["escalate", "because nobody\ncan pay"], draft="Dear customer")
    (one,) = found["written"]
    assert (one["type"], one["url"]) == ("PUT", "/api/v2/tickets/1.json")
    body = "/liaison escalate because nobody can pay"
    assert one["data"] == {"ticket": {"comment": {"body": body, "public": False}}}
    assert found["editor"]["comment.text"] == "Dear customer"


@pytest.mark.parametrize(
    ("story", "words"),
    [
        ({"draft": "<p>Dear customer</p>"}, "You have begun"),
        ({"stays_public": True}, "Nothing was written"),
    ],
)
async def test_no_command_among_a_customers_words(
    installation: Installation, story: dict[str, Any], words: str
):
    """A draft is not touched, and nothing is written into what would go to the customer."""
    found = await installation.agent(press=["status", None], **story)
    assert words in found["answered"]
    assert found["editor"] == {"comment.type": "publicReply", "comment.text": story.get("draft", "")}
    assert found["form_stays"]


async def test_what_zendesk_refuses(installation: Installation):
    installation.policy = a_policy(commands={"believed": [HELPDESK]})
    found = await installation.agent(press=["note", "restarted"], refuses=True)
    assert "Nothing was done" in found["answered"]
    assert (found["form_stays"], found["typed"]) == (True, "restarted")


async def test_a_lost_answer_is_not_told_as_nothing_done(installation: Installation):
    """The note may stand there: whoever writes it again without a look might wake engineers twice."""
    installation.policy = a_policy(commands={"believed": [HELPDESK]})
    found = await installation.agent(press=["note", "restarted"], loses=504)
    assert "Nothing was done" not in found["answered"]
    assert "Look for it in the ticket" in found["answered"]
    assert (found["form_stays"], found["typed"]) == (True, "restarted")


async def test_where_notes_are_no_commands_there_are_no_buttons(installation: Installation):
    installation.policy = a_policy(commands={"in_notes": False})
    found = await installation.agent()
    assert "INC-1" in found["text"]
    assert "What you can do" not in found["text"]


async def test_a_token_that_does_not_count(installation: Installation):
    installation.token = sidebar_token("another key", HELPDESK, now=datetime.now(UTC))
    found = await installation.agent()
    assert "does not take this app's token" in found["said"]
    assert "INC-" not in found["text"]
