"""Contacts as customers: what every directory keeps, and what is its own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from connectors.salesforce import Salesforce
from incidents.errors import Refused
from incidents.models import Contact
from tests.connectors.salesforce.conftest import SalesforceWorld, connect, keys
from tests.connectors.strange_answers import Away
from tests.contracts.customer_directory import CUSTOMERS, CustomerDirectoryContract

DIRECTORY: dict[str, object] = {
    "contact_tier_field": "Account.Tier__c",
    "users_object": "Service_User__c",
    "users_service_field": "Service__c",
    "users_contact_field": "Customer__r",
}
ADA = Contact(id="1", email="ada@engines.example")


@pytest.fixture
def world() -> SalesforceWorld:
    """With the contract's customers: an account each, which has the tier, and the services they use."""
    made = SalesforceWorld()
    for name, email, tier, services in CUSTOMERS:
        contact, _ = made.org.customer(name, email, tier=tier)
        for service in services:
            made.org.add("Service_User__c", {"Service__c": service, "Customer__c": contact})
    return made


@pytest.fixture
async def directory(world: SalesforceWorld) -> AsyncIterator[Salesforce]:
    connected = connect(world, **DIRECTORY)
    yield connected
    await connected.aclose()


class TestSalesforceIsADirectory(CustomerDirectoryContract):
    secrets = (keys()[0],)

    @pytest.fixture
    def blind(self, world: SalesforceWorld) -> Salesforce:
        return connect(world, Away(), **DIRECTORY)


async def test_a_contact_without_an_account(world: SalesforceWorld, directory: Salesforce) -> None:
    """A private contact has no account to have a tier; another contact with the same address may."""
    world.org.add("Contact", {"Name": "Ada", "Email": "ada@engines.example", "AccountId": None})
    assert await directory.tier(ADA) == "gold"
    world.org.add("Contact", {"Name": "Bob", "Email": "bob@engines.example", "AccountId": None})
    assert await directory.tier(Contact(id="", email="bob@engines.example")) is None


async def test_a_contact_who_was_deleted_is_a_stranger(world: SalesforceWorld, directory: Salesforce) -> None:
    for row in world.org.tables["Contact"].values():
        row["IsDeleted"] = row["Email"] == "Ada@Engines.example"
    assert await directory.tier(ADA) is None


async def test_the_policys_words(world: SalesforceWorld) -> None:
    assert await connect(world, **DIRECTORY, tiers={"gold": "premium"}).tier(ADA) == "premium"


@pytest.mark.parametrize(
    ("setting", "field", "words"),
    [
        ("contact_tier_field", "Account.Level__c", "Level__c of Account"),
        ("users_object", "Nothing__c", "INVALID_TYPE"),
        ("users_service_field", "Which__c", "Which__c of Service_User__c"),
        ("users_contact_field", "Person__r", "Person__r"),
    ],
)
async def test_fields_that_are_not_there(
    world: SalesforceWorld, setting: str, field: str, words: str
) -> None:
    with pytest.raises(Refused, match=words):
        await connect(world, **(DIRECTORY | {setting: field})).check()
    assert await connect(world, **DIRECTORY).check()


async def test_without_settings_nobody_is_known(world: SalesforceWorld) -> None:
    """And nobody is asked."""
    desk = connect(world)
    assert await desk.tier(ADA) is None
    assert list(await desk.users_of("checkout")) == []
    assert world.fake.requests == []
