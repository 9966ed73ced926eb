"""The settings as Prefect keeps them."""

from __future__ import annotations

import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite

from blocks.http import HttpBlock
from connectors.http.settings import HttpSettings

SETTINGS = {
    "webhook": {
        "signing_secrets": ["signing-secret-of-the-block-under-test"],
        "ticket": {"id": "id", "status": "status"},
        "status_map": {"Done": "solved"},
    },
    "probe": {"urls": ["https://shop.example.com/health"], "max_seconds": 2},
    "action": {
        "url": "https://ops.example.com/actions/{action}",
        "headers": {"X-Key": "header-secret"},
        "bearer_token": "bearer-secret",
    },
    "allow_private": ["ops.example.com:443"],
}
SECRETS = ("signing-secret-of-the-block-under-test", "header-secret", "bearer-secret")


class TestHttpBlock(BlockStandardTestSuite):
    @pytest.fixture
    def block(self) -> type[Block]:
        return HttpBlock

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        """In place of the suite's own, which fetches the logo over the network."""
        assert str(block._logo_url).startswith("https://")


def test_round_trip() -> None:
    """What Prefect stores is what it loads, nested sections and secrets included."""
    block = HttpBlock.model_validate(SETTINGS)
    stored = block.model_dump(mode="json", context={"include_secrets": True})
    again = HttpBlock.model_validate({key: stored[key] for key in HttpSettings.model_fields})
    assert settings_of(again) == settings_of(block) == HttpSettings.model_validate(SETTINGS)


def test_secrets_stay_inside() -> None:
    """Prefect knows each secret for one, and none shows in what is printed."""
    block = HttpBlock.model_validate(SETTINGS)
    assert set(HttpBlock.model_json_schema()["secret_fields"]) == {
        "webhook.signing_secrets",
        "outbound.headers",
        "action.headers",
        "action.bearer_token",
        "action.signing_secret",
    }
    for secret in SECRETS:
        assert secret not in repr(block)
        assert secret not in block.model_dump_json()


async def test_connector() -> None:
    """The block opens the connection it describes."""
    connector = HttpBlock.model_validate(SETTINGS).connector("http/shop")
    assert connector.lane == "intake"
    await connector.aclose()


def settings_of(block: HttpBlock) -> HttpSettings:
    return HttpSettings(**{name: getattr(block, name) for name in HttpSettings.model_fields})
