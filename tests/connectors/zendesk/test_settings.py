"""What Zendesk settings refuse, and the block that keeps them."""

from __future__ import annotations

import pytest
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite
from pydantic import ValidationError

from blocks.zendesk import ZendeskBlock
from connectors.zendesk import Zendesk
from tests.connectors.zendesk.conftest import SECRET, settings

PLAIN = {
    "base_url": "https://acme.zendesk.test",
    "email": "liaison@acme.example",
    "api_token": "the-api-token",
    "signing_secrets": [SECRET],
}
PUBLISHED = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"signing_secrets": []}, "at least 1"),
        ({"signing_secrets": [""]}, "empty"),
        ({"signing_secrets": [SECRET, "short"]}, "16 bytes"),
        ({"signing_secrets": [PUBLISHED]}, "published"),
        ({"base_url": ""}, "subdomain"),
        ({"base_url": "http://acme.zendesk.com"}, "https"),
        ({"base_url": "ftp://127.0.0.1"}, "https"),
        ({"base_url": "", "subdomain": "acme.evil.example/"}, "pattern"),
        ({"updates_per_minute": 0}, "greater than"),
    ],
)
def test_refused(changes: dict[str, object], why: str) -> None:
    """Each mistake is refused with its cure, and no secret is shown."""
    with pytest.raises(ValidationError, match=why) as caught:
        settings(**changes)
    assert SECRET not in str(caught.value)
    with pytest.raises(ValidationError, match=why) as caught:
        ZendeskBlock(**(PLAIN | changes))
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "address"),
    [
        ({"base_url": "", "subdomain": "acme"}, "https://acme.zendesk.com"),
        ({"base_url": "http://127.0.0.1:8123/"}, "http://127.0.0.1:8123"),
        ({"base_url": "https://help.acme.example"}, "https://help.acme.example"),
    ],
)
def test_address(changes: dict[str, object], address: str) -> None:
    """The account's own, or a sandbox on this machine."""
    assert settings(**changes).address == address


class TestZendeskBlock(BlockStandardTestSuite):
    @pytest.fixture
    def block(self) -> type[ZendeskBlock]:
        return ZendeskBlock

    def test_has_a_valid_image(self, block: type[ZendeskBlock]) -> None:
        """In place of the suite's own, which fetches the logo over the network."""
        assert str(block._logo_url).startswith("https://")

    async def test_opens_its_connector(self) -> None:
        """The block is the settings, and opens the connection by its name."""
        block = ZendeskBlock(**settings().model_dump())
        zendesk = block.connector("zendesk/support")
        assert isinstance(zendesk, Zendesk)
        assert zendesk.name == "zendesk/support"
        await zendesk.aclose()

    def test_shows_no_secret(self) -> None:
        """Neither printing a block nor its document shows the token or a signing secret."""
        block = ZendeskBlock(**settings(api_token="the-api-token").model_dump())
        for shown in (repr(block), str(block.model_dump()), block.model_dump_json()):
            assert SECRET not in shown
            assert "the-api-token" not in shown
