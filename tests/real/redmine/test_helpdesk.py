"""The helpdesk's contract on Debian's Redmine 5.0.4, and Redmine's own ways that the fake was made after."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from starlette.types import ASGIApp

from connectors.kit.fakes.faults import Faults
from connectors.kit.fakes.in_process import InProcessTransport
from connectors.kit.marks import unmarked
from connectors.redmine import RedmineHelpdesk, RedmineSettings
from incidents.errors import NotAllowed, Unknown, Unreachable
from incidents.models import (
    Author,
    ChangeOutcome,
    InternalText,
    PublicText,
    Ticket,
    TicketChange,
    TicketStatus,
)
from tests.connectors.redmine.conftest import faulty_by_method
from tests.contracts.helpdesk import HelpdeskContract
from tests.real.redmine.server import RealRedmine
from tests.real.way import WayTo

pytestmark = pytest.mark.real

NOTE = TicketChange(private_note=InternalText("Part of INC-42."))
REPLY = TicketChange(public_reply=PublicText("We know of it: https://status.acme.example"))
_logins: dict[str, str] = {}
"""Customers that were made already, by their address: it takes Redmine a while."""


class RealWorld:
    """Redmine behind the connector's back; customers have accounts of their own."""

    update_path = "/PUT/issues"
    bulk_path = "/PUT/issues"

    def __init__(self, redmine: RealRedmine, http: httpx.AsyncClient) -> None:
        self.faults = Faults()
        self._redmine = redmine
        self._way = WayTo(http)
        # Nothing of an earlier test is as young as what this one makes.
        self.let_time_pass(600)

    @property
    def app(self) -> ASGIApp:
        return faulty_by_method(self._way.app, self.faults)

    def create_ticket(self, subject: str, body: str, *, name: str, email: str) -> str:
        issue = {
            "project_id": "shop",
            "tracker_id": self._id("trackers", "Bug"),
            "subject": subject,
            "description": body,
        }
        made = self.say("POST", "issues.json", {"issue": issue}, as_login=self._customer(name, email))
        return str(made.json()["issue"]["id"])

    def remove_ticket(self, id: str) -> None:
        self.say("DELETE", f"issues/{id}.json")

    def delete_ticket(self, id: str) -> None:
        self.remove_ticket(id)

    def agent_note(self, id: str, text: str) -> None:
        self.change(id, notes=text, private_notes=True)

    def agent_reply(self, id: str, text: str) -> None:
        self.change(id, notes=text)

    def refuse_updates(self, id: str) -> None:
        self.change(id, by="root", tracker_id=self._id("trackers", "Locked"))

    def customer_reply(self, id: str, text: str) -> None:
        author = self.issue(id)["author"]["id"]
        login = self.say("GET", f"users/{author}.json", by="root").json()["user"]["login"]
        self.say("PUT", f"issues/{id}.json", {"issue": {"notes": text}}, as_login=login)

    def public_replies(self, id: str) -> Sequence[str]:
        return [unmarked(one["notes"]) for one in self._house(id) if not one["private_notes"]]

    def private_notes(self, id: str) -> Sequence[str]:
        return [unmarked(one["notes"]) for one in self._house(id) if one["private_notes"]]

    def tags(self, id: str) -> Sequence[str]:
        (field,) = [one for one in self.issue(id)["custom_fields"] if one["name"] == "Tags"]
        return str(field["value"]).split(", ")

    def let_time_pass(self, seconds: float) -> None:
        self._redmine.let_time_pass(seconds)

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._redmine.seconds_ahead)

    def issue(self, id: str) -> dict[str, Any]:
        answer = self._redmine.call("GET", f"issues/{id}.json?include=journals")
        found: dict[str, Any] = answer.json()["issue"] if answer.status_code == 200 else {}
        return found

    def change(self, id: str, *, by: str = "engineer", **fields: object) -> None:
        self.say("PUT", f"issues/{id}.json", {"issue": fields}, by=by)

    def say(
        self, method: str, path: str, json: object = None, *, by: str = "engineer", as_login: str = ""
    ) -> httpx.Response:
        answer = self._redmine.call(method, path, json, by=by, as_login=as_login)
        assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer

    def _customer(self, name: str, email: str) -> str:
        if email not in _logins:
            first, _, last = name.partition(" ")
            user = {
                "login": email.partition("@")[0],
                "firstname": first,
                "lastname": last or "C",
                "mail": email,
            }
            self.say("POST", "users.json", {"user": user | {"password": "a-long-password"}}, by="root")
            _logins[email] = user["login"]
        return _logins[email]

    def _house(self, id: str) -> list[dict[str, Any]]:
        house = ("liaison Bot", "engineer Bot")
        return [
            one for one in self.issue(id).get("journals", []) if one["notes"] and one["user"]["name"] in house
        ]

    def _id(self, of: str, name: str) -> int:
        found = self.say("GET", f"{of}.json").json()[of]
        return next(int(one["id"]) for one in found if one["name"] == name)


def connect(
    redmine: RealRedmine,
    transport: httpx.AsyncBaseTransport | None = None,
    user: str = "liaison",
    **changes: object,
) -> RedmineHelpdesk:
    values: dict[str, object] = {
        "base_url": redmine.url,
        "api_key": SecretStr(redmine.keys[user]),
        "project": "shop",
        "serves": "customers",
        "tag_field": "Tags",
        "requests_per_minute": 1_000_000,
    }
    return RedmineHelpdesk(
        "redmine/real", RedmineSettings.model_validate(values | changes), transport=transport
    )


@pytest.fixture
async def world(redmine: RealRedmine) -> AsyncIterator[RealWorld]:
    async with httpx.AsyncClient(base_url=redmine.url, trust_env=False, timeout=30) as http:
        yield RealWorld(redmine, http)


@pytest.fixture
async def helpdesk(redmine: RealRedmine, world: RealWorld) -> AsyncIterator[RedmineHelpdesk]:
    connected = connect(redmine, InProcessTransport(world.app))
    yield connected
    await connected.aclose()


@pytest.fixture
def ticket(world: RealWorld) -> str:
    return world.create_ticket(
        "Cannot pay", "Cards are refused", name="Ada Lovelace", email="ada@customer.example"
    )


class TestRedmineHelpdeskOnARealOne(HelpdeskContract):
    """All of the contract."""

    # The issue is read before it is changed: where that fails, nothing was done for sure.
    unanswered_write = (Unknown, Unreachable)
    # A real one takes a second for each; more than a page is read in test_issue_tracker.py.
    many = 12


async def read(helpdesk: RedmineHelpdesk, ticket: str) -> Ticket:
    (found,) = await helpdesk.read([ticket])
    return found


async def test_a_role_that_may_make_no_private_note(
    redmine: RealRedmine, world: RealWorld, ticket: str
) -> None:
    """Redmine would answer 204 and show it to the customer; the connector refuses before it writes a word."""
    poor = connect(redmine, user="poor")
    with pytest.raises(NotAllowed, match="Set notes as private"):
        await poor.check()
    with pytest.raises(NotAllowed, match="Set notes as private"):
        await poor.update([ticket], NOTE, once="a")
    assert [one for one in world.issue(ticket)["journals"] if one["notes"]] == []
    (outcome,) = await poor.update([ticket], REPLY, once="b")
    assert outcome.outcome is ChangeOutcome.DONE
    await poor.aclose()


async def test_a_public_note_that_should_be_private_is_taken_back(
    redmine: RealRedmine, world: RealWorld, helpdesk: RedmineHelpdesk, ticket: str
) -> None:
    """As it is where the right is lost between our look and our note: emptied, which makes Redmine delete it."""
    await helpdesk.update([ticket], NOTE, once="a")
    (note,) = [one for one in world.issue(ticket)["journals"] if one["notes"]]
    world.say("PUT", f"journals/{note['id']}.json", {"journal": {"private_notes": False}}, by="root")
    assert redmine.call("GET", f"issues/{ticket}.json?include=journals", by=None).json()["issue"]["journals"]
    assert not await helpdesk.was_done(ticket, "a")
    (outcome,) = await helpdesk.update([ticket], NOTE, once="a")
    assert outcome.outcome is ChangeOutcome.EXPOSED
    assert "was taken back" in outcome.detail
    assert world.issue(ticket)["journals"] == []


async def test_a_customers_last_word_reopens(
    world: RealWorld, helpdesk: RedmineHelpdesk, ticket: str
) -> None:
    """Redmine leaves the issue closed; settled anew, it is settled."""
    closed = TicketChange(status=TicketStatus.CLOSED)
    await helpdesk.update([ticket], closed, once="a")
    assert (await read(helpdesk, ticket)).status is TicketStatus.CLOSED
    world.let_time_pass(60)
    world.customer_reply(ticket, "Still broken")
    assert world.issue(ticket)["status"]["name"] == "Closed"
    assert (await read(helpdesk, ticket)).status is TicketStatus.OPEN
    await helpdesk.update([ticket], closed, once="b")
    assert (await read(helpdesk, ticket)).status is TicketStatus.CLOSED


async def test_who_is_the_customer(redmine: RealRedmine, world: RealWorld, ticket: str) -> None:
    """Of what a colleague filed: whom the field names, or a watcher; colleagues are who may read private notes."""
    helpdesk = connect(redmine, email_field="Customer e-mail", name_field="Customer name")
    assert "2 colleagues" not in await helpdesk.check()  # liaison, poor and engineer
    assert "3 colleagues" in await helpdesk.check()
    issue = {"project_id": "shop", "subject": "By phone", "description": "words"}
    filed = str(world.say("POST", "issues.json", {"issue": issue}).json()["issue"]["id"])
    fields = {one["name"]: one["id"] for one in world.issue(filed)["custom_fields"]}
    values = [
        {"id": fields["Customer e-mail"], "value": "Zoe@shop.example"},
        {"id": fields["Customer name"], "value": "Zoe"},
    ]
    world.change(filed, custom_fields=values)
    found = await read(helpdesk, filed)
    assert (found.requester.email, found.requester.name, found.is_reachable) == (
        "Zoe@shop.example",
        "Zoe",
        False,
    )
    ada = (await read(helpdesk, ticket)).requester
    world.say("POST", f"issues/{filed}/watchers.json", {"user_id": int(ada.id)}, by="root")
    world.change(filed, custom_fields=[{"id": fields["Customer e-mail"], "value": ""}])
    assert (await read(helpdesk, filed)).requester == ada
    await helpdesk.aclose()


async def test_a_ticket_that_was_moved_away(world: RealWorld, helpdesk: RedmineHelpdesk, ticket: str) -> None:
    """To where we are no member: it is refused alone, and no note goes there."""
    other = world.create_ticket("Cannot pay", "x", name="Bob B", email="bob@customer.example")
    world.change(ticket, by="root", project_id="elsewhere")
    for change, once in ((NOTE, "a"), (REPLY, "b")):
        outcomes = await helpdesk.update([ticket, other], change, once=once)
        assert outcomes[1].outcome is ChangeOutcome.DONE
        if change is NOTE:
            assert outcomes[0].outcome is ChangeOutcome.REFUSED
    assert world.private_notes(ticket) == []


async def test_private_notes_and_statuses_of_one_call(
    redmine: RealRedmine, world: RealWorld, helpdesk: RedmineHelpdesk, ticket: str
) -> None:
    """Two entries, of which the customer sees the status alone."""
    both = TicketChange(private_note=NOTE.private_note, status=TicketStatus.WAITING_FOR_CUSTOMER)
    (outcome,) = await helpdesk.update([ticket], both, once="a")
    assert outcome.outcome is ChangeOutcome.DONE
    public = redmine.call("GET", f"issues/{ticket}.json?include=journals", by=None).json()["issue"]
    assert public["status"]["name"] == "Feedback"
    assert [one["notes"] for one in public["journals"]] == [None]
    found = await read(helpdesk, ticket)
    (said,) = await helpdesk.comments(found, found.created_at)
    assert (said.author, said.is_public, said.text) == (Author.LIAISON, False, NOTE.private_note)
