"""Zendesk's JSON to our words, by table."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.zendesk.comments.audits import carries
from connectors.zendesk.jobs.mapping import change_body, outcomes_from
from connectors.zendesk.mapping import (
    status_from,
    status_word,
    ticket_id_from,
    tickets_from,
)
from incidents.errors import Unrecognised
from incidents.models import ChangeOutcome, InternalText, PublicText, TicketChange, TicketStatus
from tests.connectors.zendesk.conftest import settings

BARE = {
    "id": 7,
    "status": "open",
    "created_at": "2026-03-01T10:00:00Z",
    "updated_at": "2026-03-01T11:00:00Z",
}


def map_one(ticket: dict[str, Any], **changes: object) -> Any:
    (mapped,) = tickets_from({"tickets": [ticket]}, "zendesk/support", settings(**changes))
    return mapped


def test_bare_ticket() -> None:
    """Everything Zendesk may leave out or null is left out."""
    for optional in ("subject", "description", "via", "tags", "requester_id", "organization_id", "priority"):
        ticket = map_one(BARE | {optional: None})
        assert (ticket.subject, ticket.requester.email, ticket.tags, ticket.tier) == ("", "", (), None)
        assert (ticket.group, ticket.assignee, ticket.channel) == (None, None, None)
        assert ticket.version == 1772362800000


def test_names_of_people_not_side_loaded() -> None:
    """An id without its record is better than nothing."""
    ticket = map_one(BARE | {"assignee_id": 12, "group_id": 34, "requester_id": 56})
    assert (ticket.assignee, ticket.group, ticket.requester.id) == ("12", "34", "56")


@pytest.mark.parametrize(
    ("extra", "changes", "tier", "product"),
    [
        ({"tags": ["tier_gold", "product_shop"]}, {}, "gold", "shop"),
        ({"tags": ["tier_", "product_"]}, {}, None, None),
        ({"tags": ["level-1", "tier_gold"]}, {"tier_tag_prefix": "level-"}, "1", None),
        ({"tags": ["anything"]}, {"tier_tag_prefix": "", "product_tag_prefix": ""}, None, None),
        ({"custom_fields": [{"id": 9, "value": "app"}]}, {"product_field_id": 9}, None, "app"),
        # A multi-select field's value is a list.
        ({"custom_fields": [{"id": 9, "value": ["app", "shop"]}]}, {"product_field_id": 9}, None, "app"),
        (
            {"custom_fields": [{"id": 9, "value": []}], "tags": ["product_shop"]},
            {"product_field_id": 9},
            None,
            "shop",
        ),
        (
            {"custom_fields": [{"id": 9, "value": None}], "tags": ["product_shop"]},
            {"product_field_id": 9},
            None,
            "shop",
        ),
    ],
)
def test_tier_and_product(
    extra: dict[str, Any], changes: dict[str, object], tier: str | None, product: str | None
) -> None:
    """A field first, then a tag."""
    ticket = map_one(BARE | extra, **changes)
    assert (ticket.tier, ticket.product) == (tier, product)


def test_text_no_database_holds() -> None:
    """Lone surrogates and NULs of a customer's text do not break the store."""
    assert map_one(BARE | {"subject": "a\ud800b\x00c"}).subject == "a\ufffdb\ufffdc"


def test_deleted_tickets_are_left_out() -> None:
    """Exports name deleted tickets; we do not."""
    assert tickets_from({"tickets": [BARE | {"status": "deleted"}]}, "z", settings()) == []


@pytest.mark.parametrize(
    "data",
    [
        {},
        [],
        None,
        {"tickets": None},
        {"tickets": [BARE | {"id": None}]},
        {"tickets": [BARE | {"status": "parked"}]},
        {"tickets": [BARE | {"updated_at": None}]},
        {"tickets": [BARE | {"updated_at": "2026-03-01"}]},
    ],
)
def test_not_understood(data: Any) -> None:
    """No guess where id, status or time is missing."""
    with pytest.raises(Unrecognised):
        tickets_from(data, "zendesk/support", settings())


@pytest.mark.parametrize("status", list(TicketStatus))
def test_status_there_and_back(status: TicketStatus) -> None:
    """Each of our words has one of Zendesk's, in API and webhook spelling."""
    assert status_from(status_word(status)) is status
    assert status_from(status_word(status).upper()) is status


@pytest.mark.parametrize(
    ("value", "id"),
    [(5, "5"), ("5", "5"), (True, None), (None, None), (-1, None), ("5 ", None), ("٥", None), ("", None)],
)
def test_ticket_id(value: object, id: str | None) -> None:
    """Ids are ASCII digits or nothing: they go into paths."""
    assert ticket_id_from(value) == id


@pytest.mark.parametrize(
    ("change", "body"),
    [
        (TicketChange(public_reply=PublicText("hi")), {"comment": {"body": "hi", "public": True}}),
        (
            TicketChange(private_note=InternalText("hi")),
            {
                "comment": {"body": "hi", "public": False},
                "metadata": {"liaison_once": "k", "liaison_private": True},
            },
        ),
        (TicketChange(status=TicketStatus.WAITING_FOR_VENDOR), {"status": "hold"}),
        (TicketChange(add_tags=("a", "b")), {"additional_tags": ["a", "b"]}),
    ],
)
def test_change(change: TicketChange, body: dict[str, Any]) -> None:
    """Every comment says whether it is public; every update carries its key."""
    assert change_body(change, once="k") == {"metadata": {"liaison_once": "k"}} | body


@pytest.mark.parametrize(
    "audit",
    [
        None,
        {},
        {"metadata": None},
        {"metadata": {"custom": None}},
        {"metadata": {"custom": {"liaison_once": "x"}}},
    ],
)
def test_audit_of_others(audit: Any) -> None:
    """Others' audits are not ours, however bare."""
    assert not carries(audit, "k")


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([{"index": 0, "id": 1, "success": True}, {"id": 2, "status": "Updated"}], ["done", "done"]),
        ([{"index": 1, "error": "RecordInvalid"}, {"index": 0, "success": True}], ["done", "refused"]),
        ([{"id": 2, "error": "RecordNotFound"}], ["unknown", "gone"]),
        ([{"id": 1, "success": False}, "nonsense"], ["unknown", "unknown"]),
        (None, ["unknown", "unknown"]),
        ("killed", ["unknown", "unknown"]),
    ],
)
def test_job_results(results: Any, expected: list[str]) -> None:
    """Each ticket's own word counts; one the job does not mention is unknown."""
    outcomes = outcomes_from({"status": "completed", "results": results}, ["1", "2"])
    assert [outcome.outcome for outcome in outcomes] == [ChangeOutcome(word) for word in expected]
