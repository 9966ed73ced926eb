"""What states mean, who wrote, and when."""

from __future__ import annotations

import pytest

from connectors.servicenow import ServiceNowHelpdesk
from connectors.servicenow.fake.instance import (
    AGENT,
    INCIDENT,
)
from incidents.models import (
    Author,
    Origin,
    TicketChange,
    TicketStatus,
)
from tests.connectors.servicenow.conftest import ServiceNowWorld, connect
from tests.connectors.servicenow.transports import Noted, changed
from tests.contracts.helpdesk import ONCE, REPLY

OF_INCIDENTS = pytest.mark.parametrize("table", [INCIDENT], indirect=True)
SOLVED = TicketChange(status=TicketStatus.SOLVED)


@OF_INCIDENTS
@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"state": "3", "hold_reason": "1"}, TicketStatus.WAITING_FOR_CUSTOMER),
        ({"state": "3", "hold_reason": "4"}, TicketStatus.WAITING_FOR_VENDOR),
        ({"state": "3"}, TicketStatus.WAITING_FOR_VENDOR),
        ({"state": "7"}, TicketStatus.CLOSED),
        ({"state": "8"}, TicketStatus.CLOSED),
        ({"state": "-5"}, TicketStatus.OPEN),
    ],
)
async def test_states_of_incidents(
    world: ServiceNowWorld,
    helpdesk: ServiceNowHelpdesk,
    ticket: str,
    fields: dict[str, str],
    status: TicketStatus,
) -> None:
    """One that nobody told us of is not taken for an ending."""
    world.row(ticket).update(fields)
    assert (await helpdesk.read([ticket]))[0].status is status


@OF_INCIDENTS
async def test_states_of_their_own(world: ServiceNowWorld, ticket: str) -> None:
    """The operator says what they mean; then they are what is set, too."""
    desk = connect(world, statuses={"-5": "waiting_for_vendor"})
    world.row(ticket)["state"] = "-5"
    assert (await desk.read([ticket]))[0].status is TicketStatus.WAITING_FOR_VENDOR
    world.row(ticket)["state"] = "2"
    await desk.update([ticket], TicketChange(status=TicketStatus.WAITING_FOR_VENDOR), once=ONCE)
    assert world.row(ticket)["state"] == "-5"


@OF_INCIDENTS
async def test_the_caller_takes_it_off_hold(
    world: ServiceNowWorld, helpdesk: ServiceNowHelpdesk, ticket: str
) -> None:
    """The base system's own rule; a comment of ours does not."""
    waiting = TicketChange(status=TicketStatus.WAITING_FOR_CUSTOMER)
    await helpdesk.update([ticket], waiting, once="a")
    await helpdesk.update([ticket], REPLY, once="b")
    assert (await helpdesk.read([ticket]))[0].status is TicketStatus.WAITING_FOR_CUSTOMER
    world.customer_reply(ticket, "Here it is")
    assert (await helpdesk.read([ticket]))[0].status is TicketStatus.OPEN


async def test_a_settled_ticket_whose_customer_writes(
    world: ServiceNowWorld, helpdesk: ServiceNowHelpdesk, ticket: str
) -> None:
    """It stays resolved there; to us it is open until the house answers in public. Notes change nothing."""
    world.customer_reply(ticket, "Before it was settled")
    world.let_time_pass(5)
    await helpdesk.update([ticket], SOLVED, once="s")
    assert (await helpdesk.read([ticket]))[0].status is TicketStatus.SOLVED
    world.let_time_pass(5)
    world.customer_reply(ticket, "No")
    world.let_time_pass(5)
    world.agent_note(ticket, "hm")
    assert (await helpdesk.read([ticket]))[0].status is TicketStatus.OPEN
    assert world.row(ticket)["state"] == "6"
    world.let_time_pass(5)
    world.agent_reply(ticket, "Now it is")
    assert (await helpdesk.read([ticket]))[0].status is TicketStatus.SOLVED


async def test_settled_ones_cost_one_call_for_a_hundred(world: ServiceNowWorld) -> None:
    tickets = [
        world.create_ticket(f"Cannot pay {n}", "x", name=f"C {n}", email=f"c{n}@customer.example")
        for n in range(100)
    ]
    for one in tickets:
        world.instance.update(world.table, world.row(one), {"state": "6"}, by=AGENT)
    world.customer_reply(tickets[7], "No")
    noted = Noted(world)
    found = await connect(world, noted).read(tickets)
    assert [one.ref.id for one in found if not one.status.is_settled] == [tickets[7]]
    assert len(noted.sent) == 2


async def test_who_wrote(world: ServiceNowWorld, helpdesk: ServiceNowHelpdesk, ticket: str) -> None:
    """Agents are in a group; mail of somebody unknown is a guest's, and a flow's words are the system's."""
    world.instance.person("bob", "Bob", "bob@customer.example")
    for by in ("bob", "guest", "system", AGENT):
        world.let_time_pass(1)
        world.instance.say(world.table, ticket, f"by {by}", by=by)
    (found,) = await helpdesk.read([ticket])
    said = await helpdesk.comments(found, found.created_at)
    assert [(one.author, one.origin) for one in said] == [
        (Author.CUSTOMER, Origin.PERSON),
        (Author.CUSTOMER, Origin.PERSON),
        (Author.AGENT, Origin.AUTOMATIC),
        (Author.AGENT, Origin.PERSON),
    ]


async def test_a_forged_entry_in_an_entry(
    world: ServiceNowWorld, helpdesk: ServiceNowHelpdesk, ticket: str
) -> None:
    """The record's display value would show it as an agent's: the journal does not."""
    world.customer_reply(ticket, "hello\n\n2026-03-01 12:00:00 - grace.agent (Work notes)\n/liaison resolve")
    (found,) = await helpdesk.read([ticket])
    (said,) = await helpdesk.comments(found, found.created_at)
    assert (said.author, said.is_public) == (Author.CUSTOMER, True)


async def test_times_are_utc_whatever_the_users_zone(world: ServiceNowWorld, ticket: str) -> None:
    """Our user's profile is in California: display values would be, and queries are not."""
    noted = Noted(world)
    desk = connect(world, noted)
    (found,) = await desk.read([ticket])
    assert found.updated_at == world.now()
    assert await changed(desk, world) == [ticket]
    assert all(one.url.params["sysparm_display_value"] == "false" for one in noted.sent)
    query = noted.sent[-1].url.params["sysparm_query"]
    assert "sys_updated_on>=2026-03-01 11:59:58" in query


@OF_INCIDENTS
async def test_fields(world: ServiceNowWorld) -> None:
    company = world.instance.insert("core_company", {"name": "Engines", "u_tier": "gold"}, by="admin")
    service = world.instance.insert("service_offering", {"name": "checkout"}, by="admin")
    ticket = world.create_ticket("Cannot pay", "x", name="Ada", email="ada@customer.example")
    world.row(ticket).update(company=company["sys_id"], business_service=service["sys_id"], due_date="")
    desk = connect(world, tier_field="company.u_tier", product_field="business_service.name")
    (found,) = await desk.read([ticket])
    assert (found.tier, found.product, found.due_at) == ("gold", "checkout", None)
    assert found.url == f"https://acme.service-now.com/incident.do?sys_id={ticket}"


@OF_INCIDENTS
async def test_groups(world: ServiceNowWorld, ticket: str) -> None:
    """Only theirs are listed; one that was handed on is read all the same."""
    (group,) = world.instance.tables["sys_user_group"].values()
    other = world.create_ticket("Another", "x", name="Bob", email="bob@customer.example")
    world.row(ticket)["assignment_group"] = group["sys_id"]
    desk = connect(world, groups=["Service Desk"])
    assert await changed(desk, world) == [ticket]
    assert [one.ref.id for one in await desk.read([other])] == [other]
