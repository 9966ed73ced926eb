"""Users of the instance as customers: what every directory keeps, and what is its own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from connectors.servicenow import ServiceNowHelpdesk
from connectors.servicenow.fake.app import PASSWORD
from connectors.servicenow.fake.instance import COMPANIES, INCIDENT, OFFERINGS, SUBSCRIBED, USERS
from incidents.errors import NotAllowed, Refused
from incidents.models import Contact
from tests.connectors.servicenow.conftest import ServiceNowWorld, connect
from tests.connectors.servicenow.transports import Noted
from tests.connectors.strange_answers import Away
from tests.contracts.customer_directory import CUSTOMERS, CustomerDirectoryContract

DIRECTORY: dict[str, object] = {
    "contact_tier_field": "company.u_tier",
    "users_table": SUBSCRIBED,
    "users_service_field": "service_offering.name",
    "users_contact_field": "sys_user",
}
ADA = Contact(id="1", email="ada@engines.example")


@pytest.fixture
def world() -> ServiceNowWorld:
    """With the contract's customers: a company each, which has the tier, and what they subscribed to."""
    made = ServiceNowWorld(INCIDENT)
    instance = made.instance
    offerings: dict[str, str] = {}
    for number, (name, email, tier, services) in enumerate(CUSTOMERS):
        company = instance.insert(COMPANIES, {"name": f"C{number}", "u_tier": tier}, by="admin")
        user = instance.person(f"c{number}", name, email, company=company["sys_id"])
        for service in services:
            if service not in offerings:
                offerings[service] = instance.insert(OFFERINGS, {"name": service}, by="admin")["sys_id"]
            instance.insert(
                SUBSCRIBED, {"service_offering": offerings[service], "sys_user": user}, by="admin"
            )
    return made


@pytest.fixture
async def directory(world: ServiceNowWorld) -> AsyncIterator[ServiceNowHelpdesk]:
    connected = connect(world, **DIRECTORY)
    yield connected
    await connected.aclose()


class TestServiceNowIsADirectory(CustomerDirectoryContract):
    secrets = (PASSWORD,)

    @pytest.fixture
    def blind(self, world: ServiceNowWorld) -> ServiceNowHelpdesk:
        return connect(world, Away(), **DIRECTORY)


async def test_who_has_left_is_a_stranger(world: ServiceNowWorld, directory: ServiceNowHelpdesk) -> None:
    world.instance.user_named("c0")["active"] = "false"
    assert await directory.tier(ADA) is None
    assert [one.id for one in await directory.users_of("checkout")] == [
        world.instance.user_named("c1")["sys_id"]
    ]


async def test_the_policys_words(world: ServiceNowWorld) -> None:
    desk = connect(world, **DIRECTORY, tiers={"gold": "premium"})
    assert await desk.tier(ADA) == "premium"


async def test_a_condition_that_is_left_out_gives_nobody_a_tier(world: ServiceNowWorld) -> None:
    """Else everybody would have that of whoever comes first."""

    def spoilt(request: httpx.Request) -> httpx.Request:
        query = request.url.params.get("sysparm_query", "")
        url = request.url.copy_set_param("sysparm_query", query.replace("email=", "u_mail="))
        return httpx.Request(request.method, url, headers=request.headers)

    with pytest.raises(Refused, match="left a condition out"):
        await connect(world, Noted(world, spoilt), **DIRECTORY).tier(ADA)


async def test_columns_that_are_not_there(world: ServiceNowWorld) -> None:
    for setting, column in (
        ("contact_tier_field", "company.u_nothing"),
        ("users_service_field", "u_service"),
        ("users_contact_field", "u_contact"),
    ):
        with pytest.raises(Refused, match=f"correct {setting}"):
            await connect(world, **(DIRECTORY | {setting: column})).check()
    assert await connect(world, **DIRECTORY).check()
    with pytest.raises(Refused, match="contact_tier_field"):
        await connect(world, **(DIRECTORY | {"contact_tier_field": "u_nothing"})).tier(ADA)


async def test_users_that_we_may_not_see(world: ServiceNowWorld, directory: ServiceNowHelpdesk) -> None:
    """Not strangers, all of them: an operator must act."""
    world.fake.hidden_tables.add(USERS)
    with pytest.raises(NotAllowed, match="sys_user"):
        await directory.tier(ADA)


async def test_without_settings_nobody_is_known(world: ServiceNowWorld) -> None:
    """And nobody is asked."""
    noted = Noted(world)
    desk = connect(world, noted)
    assert await desk.tier(ADA) is None
    assert list(await desk.users_of("checkout")) == []
    assert noted.sent == []


def test_half_a_table_is_refused() -> None:
    with pytest.raises(ValueError, match="belong together"):
        connect(ServiceNowWorld(INCIDENT), users_table=SUBSCRIBED)
