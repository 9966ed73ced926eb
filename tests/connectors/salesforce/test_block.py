"""The Prefect block and the settings: what Prefect asks of every block, and mistakes that are named."""

from __future__ import annotations

import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite
from pydantic import SecretStr, ValidationError

from blocks.salesforce import SalesforceBlock
from connectors.salesforce import Salesforce
from tests.connectors.salesforce.conftest import keys, settings


class TestSalesforceBlock(BlockStandardTestSuite):
    @pytest.fixture
    def block(self) -> type[Block]:
        return SalesforceBlock

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        """In place of the suite's own, which fetches the logo over the network."""
        assert str(block._logo_url).startswith("https://")


async def test_connector() -> None:
    """The block's settings are the connector's, each is described, and Prefect hides the secrets."""
    connector = SalesforceBlock.model_validate(settings(), from_attributes=True).connector(
        "salesforce/support"
    )
    assert connector.name == "salesforce/support"
    assert isinstance(connector, Salesforce)
    await connector.aclose()
    schema = SalesforceBlock.model_json_schema()
    assert schema["secret_fields"] == ["private_key", "signing_secrets"]
    assert all(one.get("description") for one in schema["properties"].values())


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"base_url": "http://acme.my.salesforce.com"}, "must be https"),
        ({"private_key": SecretStr("-----BEGIN NONSENSE-----")}, "cannot sign"),
        ({"user": "liaison"}, "user is the Username"),
        ({"user": "x' OR Name != '@a"}, "user is the Username"),
        ({"organization": ""}, "organization is missing"),
        ({"organization": "0015e00000000000"}, "begins with 00D"),
        ({"signing_secrets": ["short"]}, "under 16 bytes"),
        ({"record_types": ["Support'--"]}, "API names of record types"),
        ({"tag_field": "Tags__c FROM Case"}, "match pattern"),
        ({"tier_field": "Account.Tier__c, Id"}, "match pattern"),
        ({"statuses": {"New": "frozen"}}, "statuses"),
        ({"users_object": "Asset"}, "belong together"),
        ({"audience": "https://evil.example"}, "audience"),
    ],
)
def test_a_mistake_is_named(wrong: dict[str, object], words: str) -> None:
    """Before the first call, and without quoting a secret."""
    with pytest.raises(ValidationError, match=words) as caught:
        settings(**wrong)
    assert keys()[0][40:80] not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "audience"),
    [
        ({}, "https://login.salesforce.com"),
        ({"base_url": "https://acme--uat.sandbox.my.salesforce.com"}, "https://test.salesforce.com"),
        ({"audience": "https://test.salesforce.com"}, "https://test.salesforce.com"),
    ],
)
def test_whom_the_assertion_is_for(change: dict[str, object], audience: str) -> None:
    assert settings(**change).grant().audience == audience


def test_the_short_form_of_an_organizations_id() -> None:
    assert settings(organization="00D5e000000Abcd").organization == settings().organization
