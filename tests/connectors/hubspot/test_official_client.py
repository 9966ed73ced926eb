"""HubSpot's own Python client at the fake: the calls that a tool like ours makes, one a row.

It speaks versions 3 and 4 of the API, whose records are those of the dated one; conversations it has none.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from connectors.hubspot.calls.api import NOTE_TO_TICKET
from connectors.hubspot.fake.app import ACCESS_TOKEN, FakeHubSpot
from tests.connectors.served import served

# Elsewhere the dev dependencies may be older than this test; in CI a missing one is a failure.
if os.environ.get("CI"):
    client = importlib.import_module("hubspot")
else:
    client = pytest.importorskip("hubspot", reason="hubspot-api-client is among the dev dependencies")
contacts, notes, tickets = (
    importlib.import_module(f"hubspot.crm.{name}") for name in ("contacts", "objects.notes", "tickets")
)
NOTE_TO_TICKETS = importlib.import_module("hubspot.crm.association_type").AssociationType.NOTE_TO_TICKET


@dataclass
class Portal:
    """The fake with its client. `first` is Ada's ticket."""

    fake: FakeHubSpot
    api: Any
    first: str

    def look(self, *properties: str) -> dict[str, Any]:
        found: dict[str, Any] = self.api.crm.tickets.basic_api.get_by_id(
            self.first, properties=list(properties)
        ).properties
        return found


def _client(address: str, token: str = ACCESS_TOKEN) -> Any:
    return client.HubSpot(access_token=token, host=address)


@pytest.fixture
def portal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Portal]:
    # The client goes by the environment's proxies.
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    fake = FakeHubSpot()
    first = fake.portal.create("Ada Lovelace", "ada@customer.example", "Cannot pay", "Cards are refused")
    with served(fake.app) as address:
        yield Portal(fake, _client(address), first)


def _ticket(p: Portal) -> bool:
    """A property without a value is null; one that nobody defined is left out."""
    said = p.look("subject", "content", "liaison_tags", "hubspot_owner_id", "no_such_property")
    return (said["subject"], said["content"]) == ("Cannot pay", "Cards are refused") and (
        said["liaison_tags"] is None and said["hubspot_owner_id"] is None and "no_such_property" not in said
    )


def _contacts(p: Portal) -> bool:
    found = p.api.crm.tickets.basic_api.get_by_id(p.first, associations=["contacts"])
    (contact,) = found.associations["contacts"].results
    said = contacts.BatchReadInputSimplePublicObjectId(
        inputs=[{"id": contact.id}], properties=["email"], properties_with_history=[]
    )
    (person,) = p.api.crm.contacts.batch_api.read(said).results
    return bool(person.properties["email"] == "ada@customer.example")


def _batch(p: Portal) -> bool:
    """What is not there is missing among the others, and the others come."""
    other = p.fake.portal.create("Bob", "bob@customer.example", "The same", "x")
    said = tickets.BatchReadInputSimplePublicObjectId(
        inputs=[{"id": p.first}, {"id": "999"}, {"id": other}],
        properties=["subject"],
        properties_with_history=[],
    )
    found = p.api.crm.tickets.batch_api.read(said)
    return {one.id for one in found.results} == {p.first, other}


def _pipelines(p: Portal) -> bool:
    (support,) = p.api.crm.pipelines.pipelines_api.get_all("tickets").results
    states = [stage.metadata["ticketState"] for stage in support.stages]
    return bool(support.id == "0" and states == ["OPEN"] * 3 + ["CLOSED"])


def _change(p: Portal) -> bool:
    said = tickets.SimplePublicObjectInput(properties={"hs_pipeline_stage": "4", "liaison_tags": "a;b"})
    p.api.crm.tickets.basic_api.update(p.first, said)
    found = p.look("hs_pipeline_stage", "liaison_tags")
    return (found["hs_pipeline_stage"], found["liaison_tags"]) == ("4", "a;b")


def _note(p: Portal) -> bool:
    """By an association, and found by it at once."""
    link = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": NOTE_TO_TICKET}
    said = notes.SimplePublicObjectInputForCreate(
        properties={"hs_note_body": "for colleagues", "hs_timestamp": "1772366400000"},
        associations=[{"to": {"id": p.first}, "types": [link]}],
    )
    made = p.api.crm.objects.notes.basic_api.create(said)
    (linked,) = p.api.crm.associations.v4.basic_api.get_page("tickets", p.first, "notes").results
    asked = notes.BatchReadInputSimplePublicObjectId(
        inputs=[{"id": str(linked.to_object_id)}], properties=["hs_note_body"], properties_with_history=[]
    )
    (found,) = p.api.crm.objects.notes.batch_api.read(asked).results
    return (found.id, found.properties["hs_note_body"]) == (made.id, "for colleagues")


def _search(p: Portal, since: str = "0") -> Any:
    filters = [{"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": since}]
    said = tickets.PublicObjectSearchRequest(
        filter_groups=[{"filters": filters}], properties=["subject"], limit=200, sorts=[], after=None
    )
    return p.api.crm.tickets.search_api.do_search(said)


def _late(p: Portal) -> bool:
    """The search does not have it yet."""
    return bool(_search(p).total == 0)


def _refused(p: Portal) -> bool:
    basic, wrong = p.api.crm.tickets.basic_api, tickets.SimplePublicObjectInput
    for status, call in (
        (404, lambda: basic.get_by_id("999")),
        (400, lambda: basic.update(p.first, wrong(properties={"hs_pipeline_stage": "no such"}))),
        (400, lambda: basic.update(p.first, wrong(properties={"no_such_property": "x"}))),
    ):
        with pytest.raises(tickets.ApiException) as caught:
            call()
        assert caught.value.status == status
    p.fake.calls = 0
    with pytest.raises(tickets.ApiException, match="TEN_SECONDLY_ROLLING"):
        p.look()
    return True


CALLS: list[tuple[str, Callable[[Portal], object]]] = [
    ("a ticket", _ticket),
    ("its contacts", _contacts),
    ("many tickets", _batch),
    ("pipelines", _pipelines),
    ("status and tags", _change),
    ("notes", _note),
    ("a late search", _late),
    ("refusals", _refused),
]


@pytest.mark.parametrize(("name", "call"), CALLS, ids=[name for name, _ in CALLS])
def test_call(portal: Portal, name: str, call: Callable[[Portal], object]) -> None:
    """It is answered, does what it says, and is there when read back."""
    assert call(portal)


def test_the_way_from_a_note_to_its_ticket() -> None:
    """Its number is in no description of ours, and in HubSpot's client."""
    assert NOTE_TO_TICKET == NOTE_TO_TICKETS


def test_a_stranger_learns_nothing(portal: Portal) -> None:
    stranger = _client(portal.api.config["host"], "wrong")
    with pytest.raises(tickets.ApiException) as caught:
        stranger.crm.tickets.basic_api.get_by_id(portal.first)
    assert caught.value.status == 401
