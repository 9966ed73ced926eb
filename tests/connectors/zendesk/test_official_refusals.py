"""What zenpy is told where the fake Zendesk says no, and rules that only show through its calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from zenpy.lib.api_objects import Comment, CustomStatus
from zenpy.lib.exception import APIException

from connectors.kit.fakes.certificates import LoopbackCertificate
from tests.connectors.zendesk.official_account import Desk, opened_desk


@pytest.fixture
def desk(certificate: LoopbackCertificate) -> Iterator[Desk]:
    with opened_desk(certificate) as desk:
        yield desk


def _client_error(call: Callable[[], object]) -> tuple[int, Any]:
    with pytest.raises(APIException) as error:
        call()
    return error.value.response.status_code, error.value.response.json()


@pytest.mark.parametrize(
    ("call", "status", "error"),
    [
        (lambda d: d.look(1), 404, "RecordNotFound"),
        (lambda d: d.client.triggers(id=1), 404, "RecordNotFound"),
        (lambda d: d.client.dynamic_content(), 404, "InvalidEndpoint"),
        (lambda d: d.change(status="waiting"), 422, "RecordInvalid"),
        (lambda d: d.change(assignee_id=d.fake.tickets[d.first].requester_id), 422, "RecordInvalid"),
        (lambda d: [d.fake.close(d.first), d.change(priority="low")], 422, "RecordInvalid"),
        (lambda d: [d.user(), d.user()], 422, "RecordInvalid"),
        (lambda d: d.ticket(comment=Comment(body="")), 422, "RecordInvalid"),
        (
            lambda d: d.client.tickets.incremental(start_time=datetime(2100, 1, 1, tzinfo=UTC)),
            422,
            "InvalidValue",
        ),
    ],
)
def test_refusal_in_the_vendors_form(
    desk: Desk, call: Callable[[Desk], object], status: int, error: str
) -> None:
    """What is wrong or not there is told as Zendesk tells it: a word, a sentence, the fields."""
    answered, said = _client_error(lambda: call(desk))
    assert (answered, said["error"]) == (status, error)
    assert said["description"]


def test_tags_are_added_where_zendesk_reads_them(desk: Desk) -> None:
    """An update of one ticket knows no `additional_tags`; one of many does."""
    ticket = {"ticket": {"additional_tags": ["vip"]}}
    where = f"{desk.client.tickets.protocol}://{desk.client.tickets.base_url}/api/v2/tickets"
    desk.client.tickets.session.put(f"{where}/{desk.first}.json", json=ticket)
    assert desk.look().tags == ["shop"]
    desk.client.tickets.session.put(f"{where}/update_many.json?ids={desk.first}", json=ticket)
    assert desk.look().tags == ["shop", "vip"]


def test_an_outdated_update_is_no_update(desk: Desk) -> None:
    """`safe_update` with an old stamp is answered 409 and changes nothing."""
    ticket = desk.look()
    ticket.subject, ticket.safe_update, ticket.updated_stamp = "late", True, "2020-01-01T00:00:00Z"
    answered, said = _client_error(lambda: desk.client.tickets.update(ticket))
    assert (answered, said["error"], desk.look().subject) == (409, "UpdateConflict", "Cannot pay")


def test_a_status_sets_its_categorys_default(desk: Desk) -> None:
    """A ticket in a custom status loses it by an update that names the category alone."""
    waiting = desk.client.custom_statuses.create(
        CustomStatus(status_category="open", agent_label="With the bank")
    )
    ticket = desk.change(custom_status_id=waiting.id)
    assert (ticket.status, ticket.custom_status_id) == ("open", waiting.id)
    ticket.status = "pending"
    desk.client.tickets.update(ticket)
    ticket = desk.look()
    ticket.status = "open"
    desk.client.tickets.update(ticket)
    assert desk.look().custom_status_id != waiting.id


def test_people_are_put_on_a_ticket_and_taken_off(desk: Desk) -> None:
    """Followers and copies are added one by one, by id or address."""
    ticket = desk.look()
    ticket.followers = [{"user_id": desk.agent, "action": "put"}]
    ticket.email_ccs = [{"user_email": "boss@customer.example", "action": "put"}]
    desk.client.tickets.update(ticket)
    boss = next(iter(desk.client.users.search("boss@"))).id
    assert (desk.look().follower_ids, desk.look().email_cc_ids) == ([desk.agent], [boss])
    assert [one.id for one in desk.client.users.cced(boss)] == [desk.first]
    ticket = desk.look()
    ticket.followers = [{"user_id": desk.agent, "action": "delete"}]
    desk.client.tickets.update(ticket)
    assert desk.look().follower_ids == []
