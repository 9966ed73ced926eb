"""Settings that could not work, or would not protect, are refused when they are read."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from connectors.pagerduty import PagerDutySettings
from tests.connectors.pagerduty.conftest import settings


@pytest.mark.parametrize(
    "changes",
    [
        {"api_token": ""},
        {"api_token": "with blank"},
        {"routing_key": "line\n"},
        {"routing_keys": {"": "k" * 32}},
        {"routing_keys": {"payments": ""}},
        {"from_email": "liaison"},
        {"from_email": "a@b\r\nX-Header: c"},
        {"signing_secrets": []},
        {"signing_secrets": [""]},
        {"signing_secrets": ["too short"]},
        {"signing_secrets": ["lDQHScfUeXUKaQRNF+8XIiDKZ7XX3itBAYzwU0TARw8lJqRnkKl2iB1anSb0Z+IK"]},
        {"api_url": "http://api.pagerduty.com"},
        {"events_url": "file:///etc/passwd"},
        {"events_url": "https://"},
    ],
)
def test_refused(changes: dict[str, object]) -> None:
    """Empty, malformed or published secrets and unsafe addresses never reach a connection."""
    with pytest.raises(ValidationError):
        settings(**changes)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://api.eu.pagerduty.com/", "https://api.eu.pagerduty.com"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
    ],
)
def test_address(url: str, kept: str) -> None:
    """Another region and a fake on this machine are fine."""
    assert settings(api_url=url).api_url == kept


def test_secrets_do_not_show() -> None:
    """No key appears when settings are printed or dumped."""
    shown = repr(settings()) + str(settings().model_dump())
    for secret in ("fake-api-token", "0123456789abcdef", "fedcba98", "live-secret"):
        assert secret not in shown


def test_every_field_is_described() -> None:
    """The form in the Prefect UI explains each field in a sentence."""
    for name, field in PagerDutySettings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name
