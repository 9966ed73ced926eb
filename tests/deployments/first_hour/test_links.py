"""Where notes and pages of a new installation link to: its gateway, and Prefect's UI."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployments.commands.first_hour.answers import AnswerError
from incidents.policy.file import parse_policy
from tests.deployments.first_hour.test_interview import MAILBOX, PUBLIC, Asked, held, interview

HERE, UI = "on this machine only", "https://prefect.acme.example"


@pytest.mark.parametrize(
    ("given", "gateway", "prefect_ui", "remarks"),
    [
        ({}, "http://127.0.0.1:8400", "http://127.0.0.1:4200", 2),
        (PUBLIC, "https://liaison.acme.example", None, 0),
        (PUBLIC | {"prefect_ui": f"{UI}/"}, "https://liaison.acme.example", UI, 0),
        (
            PUBLIC | {"prefect_ui": "http://prefect:4200"},
            "https://liaison.acme.example",
            "http://prefect:4200",
            0,
        ),
    ],
)
async def test_what_notes_and_pages_link_to(
    tmp_path: Path, given: dict[str, str], gateway: str, prefect_ui: str | None, remarks: int
):
    """This machine's addresses, and that they are; or those that colleagues reach, and none that leads nowhere."""
    asked = Asked(MAILBOX | given)
    setup = await interview(tmp_path, asked).hold()
    links = parse_policy(setup.policy).links
    assert (links.gateway, links.prefect_ui) == (gateway, prefect_ui)
    assert ("prefect_ui" in asked.keys) is bool(given)
    assert setup.policy.count(HERE) == remarks
    assert ("# prefect_ui: https" in setup.policy) is (prefect_ui is None)


async def test_an_address_that_no_browser_opens(tmp_path: Path):
    given = MAILBOX | PUBLIC | {"prefect_ui": "prefect.acme.example"}
    with pytest.raises(AnswerError, match="write http:// or https:// and a host"):
        await held(tmp_path, given)
