"""What Jira Service Management is documented to do, and what an honest client would get wrong about it."""

from __future__ import annotations

import json
from datetime import timedelta

import httpx
import pytest
from pydantic import SecretStr

from connectors.jsm import ServiceManagement
from connectors.kit.fakes.faults import FaultKind
from connectors.kit.fakes.in_process import InProcessTransport
from connectors.kit.fakes.jira.site import ENGINEER, FakePerson
from incidents.errors import Busy, LiaisonError, NotAllowed, Refused
from incidents.models import (
    Author,
    ChangeOutcome,
    InternalText,
    Origin,
    PublicText,
    TicketChange,
    TicketStatus,
)
from tests.connectors.jsm.conftest import ServiceWorld, connect, settings
from tests.contracts.helpdesk import NOTE, ONCE, REPLY


class Noted(InProcessTransport):
    """Keeps the bodies of the comments that are sent."""

    def __init__(self, world: ServiceWorld) -> None:
        super().__init__(world.fake.app)
        self.sent: list[dict[str, object]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and request.url.path.endswith("/comment"):
            assert request.url.path.startswith("/rest/servicedeskapi/request/")
            self.sent.append(json.loads(request.content))
        return await super().handle_async_request(request)


async def test_public_is_always_said(world: ServiceWorld, ticket: str) -> None:
    """Left out it is true: a note would be told to the customer; the platform's own interface is never used."""
    noted = Noted(world)
    desk = connect(world, noted)
    await desk.update([ticket], NOTE, once="a")
    await desk.update([ticket], REPLY, once="b")
    assert [one["public"] for one in noted.sent] == [False, True]


async def test_an_issue_that_is_no_request(
    world: ServiceWorld, helpdesk: ServiceManagement, ticket: str
) -> None:
    """An agent made it without a request type: it has no customer's interface, and is refused with the cure."""
    world.issue(ticket).is_request = False
    (outcome,) = await helpdesk.update([ticket], NOTE, once=ONCE)
    assert outcome.outcome is ChangeOutcome.REFUSED
    assert "give it a request type" in outcome.detail


async def test_a_reply_keeps_its_links(world: ServiceWorld, helpdesk: ServiceManagement, ticket: str) -> None:
    """Customers follow them; what is quoted is no macro, mention or image; a note's addresses are no links."""
    words = "See https://status.example/x {code} [~admin] !a.png!"
    await helpdesk.update([ticket], TicketChange(public_reply=PublicText(words)), once="a")
    await helpdesk.update([ticket], TicketChange(private_note=InternalText(words)), once="b")
    noted = Noted(world)
    await connect(world, noted).update([ticket], TicketChange(public_reply=PublicText(words)), once="c")
    assert world.public_replies(ticket)[0] == words
    assert world.private_notes(ticket)[0].replace("\u2060", "") == words
    assert r"See https://status.example/x \{code} \[~admin] \!a.png\!" in str(noted.sent[0]["body"])


async def test_statuses(world: ServiceWorld, ticket: str) -> None:
    """The product's own are known, the operator says what others mean, and one that nobody knows is by its category."""
    site, issue = world.site, world.issue(ticket)
    site.move(issue, ENGINEER, "10003")  # Blocked
    assert (await connect(world).read([ticket]))[0].status is TicketStatus.OPEN
    desk = connect(world, statuses={"blocked": "waiting_for_vendor"})
    assert (await desk.read([ticket]))[0].status is TicketStatus.WAITING_FOR_VENDOR
    (outcome,) = await connect(world).update([ticket], TicketChange(status=TicketStatus.CLOSED), once="c")
    assert outcome.outcome is ChangeOutcome.DONE  # "Done" will do
    site.rights.discard("TRANSITION_ISSUES")
    (outcome,) = await connect(world).update([ticket], TicketChange(status=TicketStatus.OPEN), once="d")
    assert outcome.outcome is ChangeOutcome.REFUSED
    assert "can move it to: none" in outcome.detail


async def test_a_settled_ticket_whose_customer_writes(
    world: ServiceWorld, helpdesk: ServiceManagement, ticket: str
) -> None:
    """Open to us until the house answers in public; notes and rules' words change nothing."""
    await helpdesk.update([ticket], TicketChange(status=TicketStatus.SOLVED), once="s")
    world.let_time_pass(5)
    world.agent_note(ticket, "done")
    assert (await helpdesk.read([ticket]))[0].status is TicketStatus.SOLVED
    world.customer_reply(ticket, "No")
    world.let_time_pass(1)
    world.agent_note(ticket, "hm")
    world.site.people["rule"] = FakePerson("rule", "Automation for Jira", kind="app")
    world.site.comment(world.issue(ticket), "rule", "We have received your message")
    assert (await helpdesk.read([ticket]))[0].status is TicketStatus.OPEN
    world.agent_reply(ticket, "Now it is")
    assert (await helpdesk.read([ticket]))[0].status is TicketStatus.SOLVED


async def test_what_a_customer_wrote_before_it_was_settled_reopens_nothing(
    world: ServiceWorld, helpdesk: ServiceManagement, ticket: str
) -> None:
    world.customer_reply(ticket, "Thank you, it works")
    world.let_time_pass(60)
    world.site.move(world.issue(ticket), ENGINEER, "10001")
    world.let_time_pass(60)
    world.site.label(world.issue(ticket), ENGINEER, ["x"])
    assert (await helpdesk.read([ticket]))[0].status is TicketStatus.SOLVED


async def test_who_wrote(world: ServiceWorld, helpdesk: ServiceManagement, ticket: str) -> None:
    """A participant with a customer's account is one; an app's words are automatic; a role's comment is not public."""
    site, issue = world.site, world.issue(ticket)
    site.people["rule"] = FakePerson("rule", "Automation for Jira", kind="app")
    site.comment(issue, site.person("Bob", "bob@customer.example"), "Me, too")
    site.comment(issue, "rule", "We have received your request")
    site.comment(issue, ENGINEER, "for us", role="Administrators")
    (found,) = await helpdesk.read([ticket])
    said = await helpdesk.comments(found, found.created_at)
    assert [(one.author, one.is_public, one.origin) for one in said] == [
        (Author.CUSTOMER, True, Origin.PERSON),
        (Author.AGENT, True, Origin.AUTOMATIC),
        (Author.AGENT, False, Origin.PERSON),
    ]


async def test_a_moved_request_is_the_same_ticket(
    world: ServiceWorld, helpdesk: ServiceManagement, ticket: str
) -> None:
    """Its number stays, its key does not."""
    world.site.projects["CARE"] = "service_desk"
    world.site.transfer(world.issue(ticket), ENGINEER, "CARE")
    (found,) = await helpdesk.read([ticket])
    assert found.url is not None
    assert found.url.endswith("/browse/CARE-1")
    (outcome,) = await helpdesk.update([ticket], NOTE, once=ONCE)
    assert outcome.outcome is ChangeOutcome.DONE


async def test_labels_and_fields(world: ServiceWorld, ticket: str) -> None:
    world.site.label(world.issue(ticket), ENGINEER, ["tier_gold", "vip"])
    (found,) = await connect(world, product_field="customfield_10050").read([ticket])
    assert (found.tier, found.tags, found.product) == ("gold", ("tier_gold", "vip"), None)


async def test_a_search_that_is_behind(world: ServiceWorld, helpdesk: ServiceManagement, ticket: str) -> None:
    """Reading a ticket is not: only the list of changes is."""
    world.let_time_pass(3600)
    world.site.search_lag = timedelta(seconds=60)
    since = world.now()
    world.site.move(world.issue(ticket), ENGINEER, "3")
    assert (await helpdesk.read([ticket]))[0].status is TicketStatus.OPEN
    assert [one async for one in helpdesk.changed_since(since)] == []
    world.let_time_pass(61)
    assert [one.ref.id async for one in helpdesk.changed_since(since)] == [ticket]


async def test_check_names_what_is_missing(world: ServiceWorld) -> None:
    assert "requests of 'Help'" in await connect(world, statuses={"Blocked": "waiting_for_vendor"}).check()
    for change, match in (
        ({"project": "NOWHERE"}, "correct project"),
        ({"project": "SHOP"}, "is no service project"),
        ({"statuses": {"Parked": "open"}}, "no status 'Parked'"),
        ({"api_token": SecretStr("wrong")}, "token is wrong"),
    ):
        with pytest.raises(LiaisonError, match=match):
            await connect(world, **change).check()
    world.site.rights.discard("EDIT_ISSUES")
    with pytest.raises(NotAllowed, match="may not 'Edit Issues'"):
        await connect(world).check()
    world.fake.is_agent = False
    with pytest.raises(NotAllowed, match="no agent"):
        await connect(world).check()


async def test_an_ended_token_and_half_an_hour_of_limit(
    world: ServiceWorld, helpdesk: ServiceManagement, ticket: str
) -> None:
    """A token that is no more good must not look like tickets that are gone."""
    await helpdesk.read([ticket])
    world.faults.arm(FaultKind.RATE_LIMIT, seconds=1800, times=None)
    with pytest.raises(Busy) as caught:
        await helpdesk.update([ticket], NOTE, once=ONCE)
    assert caught.value.retry_after == 1800
    world.faults.clear()
    world.fake.platform.is_public = world.fake.platform.is_expired = True
    for call in (helpdesk.read(["999999999"]), helpdesk.update([ticket], NOTE, once=ONCE)):
        with pytest.raises(NotAllowed):
            await call


async def test_nobody_reported_it(world: ServiceWorld, ticket: str) -> None:
    """A public comment would be told to nobody."""

    class Unreported(InProcessTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            answer = await super().handle_async_request(request)
            if request.method == "GET" and request.url.path.endswith(f"/issue/{ticket}"):
                data = json.loads(await answer.aread())
                data["fields"]["reporter"] = None
                return httpx.Response(200, json=data)
            return answer

    desk = connect(world, Unreported(world.fake.app))
    assert not (await desk.read([ticket]))[0].is_reachable
    (outcome,) = await desk.update([ticket], REPLY, once=ONCE)
    assert outcome.outcome is ChangeOutcome.REFUSED
    assert world.public_replies(ticket) == []


async def test_an_empty_message_is_refused(helpdesk: ServiceManagement, ticket: str) -> None:
    (outcome,) = await helpdesk.update([ticket], TicketChange(private_note=InternalText("  ")), once=ONCE)
    assert outcome.outcome is ChangeOutcome.REFUSED


@pytest.mark.parametrize(
    "change",
    [
        {"base_url": "https://jira.acme.test", "email": ""},
        {"project": "help desk"},
        {"product_field": "Product"},
        {"base_url": "http://acme.atlassian.net"},
    ],
)
def test_a_setting_that_cannot_work_is_refused(change: dict[str, object]) -> None:
    """Before the first call, and without quoting the token."""
    with pytest.raises(ValueError, match=r".") as caught:
        settings(**change)
    assert "fake-jira-token" not in str(caught.value)


async def test_refused_is_refused_for_one_only(
    world: ServiceWorld, helpdesk: ServiceManagement, ticket: str
) -> None:
    """403 of a locked request is not the connection's."""
    world.refuse_updates(ticket)
    with pytest.raises(Refused):
        await helpdesk._changes.change(ticket, NOTE, ONCE)
