"""Matrix' settings refuse what could not work or would not protect, and say the cure."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.matrix import MatrixSettings

GOOD: dict[str, Any] = {
    "base_url": "https://matrix.acme.example",
    "user_id": "@liaison:acme.example",
    "access_token": "syt_secret",
    "device_id": "LIAISON",
    "invite": ["@ada:acme.example"],
}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"base_url": "matrix.acme.example"}, "must be an address"),
        ({"base_url": "https://matrix.acme.example/_matrix/client"}, "without /_matrix"),
        ({"base_url": "http://matrix.acme.example"}, "in clear"),
        ({"user_id": "liaison"}, "pattern"),
        ({"access_token": ""}, "the token alone"),
        ({"access_token": "Bearer syt"}, "the token alone"),
        ({"device_id": ""}, "at least 1"),
        ({"invite": ["ada"]}, "pattern"),
        ({"invite": []}, "nobody could see the rooms"),
        ({"room": "incidents"}, "pattern"),
        ({"space": "#engineers:acme.example"}, "pattern"),
        ({"command": "!liaison"}, "pattern"),
        ({"client_url": "element"}, "must be an address"),
    ],
)
def test_refused(change: dict[str, Any], says: str) -> None:
    """Each mistake is told, without the secret in the message."""
    with pytest.raises(ValidationError, match=says) as caught:
        MatrixSettings.model_validate({**GOOD, **change})
    assert "syt_secret" not in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"invite": [], "room": "#incidents:acme.example"},
        {"invite": [], "space": "!s"},
        {"public_rooms": True},
    ],
)
def test_taken(change: dict[str, Any]) -> None:
    MatrixSettings.model_validate({**GOOD, **change})


def test_secrets_do_not_show() -> None:
    """Neither in a log nor in a traceback."""
    assert "syt_secret" not in repr(MatrixSettings.model_validate(GOOD))
