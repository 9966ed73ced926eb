"""Slack's settings refuse what could not work or would not protect, and say the cure."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.slack import SlackSettings

GOOD: dict[str, Any] = {"bot_token": "xoxb-1-2-abc", "signing_secrets": ["0123456789abcdef0123456789abcdef"]}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"bot_token": ""}, "starts with xoxb-"),
        ({"bot_token": "xoxp-a-users-token"}, "starts with xoxb-"),
        ({"bot_token": "xoxb-1\n"}, "starts with xoxb-"),
        ({"signing_secrets": []}, "at least 1"),
        ({"signing_secrets": ["short"]}, "16 bytes"),
        ({"signing_secrets": ["8f742231b10e8888abcd99yyyzzz85a5"]}, "published"),
        ({"channel": "#incidents"}, "pattern"),
        ({"base_url": "slack.com"}, "pattern"),
    ],
)
def test_refused(change: dict[str, Any], says: str) -> None:
    """Each mistake is told, without the secret in the message."""
    with pytest.raises(ValidationError, match=says):
        SlackSettings.model_validate({**GOOD, **change})


def test_secrets_do_not_show() -> None:
    """Neither in a log nor in a traceback."""
    shown = repr(SlackSettings.model_validate(GOOD))
    assert "xoxb-" not in shown
    assert "0123456789abcdef" not in shown
