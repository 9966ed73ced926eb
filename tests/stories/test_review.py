"""The review of an incident that was lived through: its measures out of the store, its page, and its file."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

from prefect.client.orchestration import get_client

from deployments.commands.reviews.review import reviewed, write_review
from incidents.models import IncidentState
from tests.stories.installation import Installation
from tests.stories.test_outage import versions_of


async def test_how_an_incident_went(liaison: Installation, tmp_path: Path):
    """Customers wrote, an engineer took it, one was not content and it was opened again: all of that with its times."""
    since = datetime.now(UTC)
    liaison.write_policy(
        {"review": {"credits": {"after": "30m", "tiers": {"gold": 50}}}, "cadence": {"enabled": False}}
    )
    content, unlucky = await liaison.escalated(2)
    await liaison.let_pass(timedelta(minutes=12))
    liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")
    await liaison.sync()
    await liaison.let_pass(timedelta(minutes=30))
    await liaison.resolved()
    assert (await liaison.incident()).state is IncidentState.CLOSED

    found = await reviewed(liaison.database, liaison.policy_file, "INC-1")
    first = found.measures["seconds_to_first_answer"]
    assert 720 <= float(str(found.measures["seconds_to_acknowledge"])) < 780
    assert 2520 <= float(str(found.measures["seconds_to_mitigate"])) < 2640
    assert isinstance(first, dict)
    assert 720 <= first["longest"] < 840
    assert first["unanswered"] == 0
    assert found.measures["customers_told"] == {"told": 2, "linked": 2}
    assert "no alert fired; http/checkout was red when we looked" in str(found.measures["who_saw_it_first"])
    assert "owed: 0 EUR" in found.text
    assert "- **12 min** for the engineers on call" in found.text
    assert "- **30 min** for the engineer who had it" in found.text

    async with get_client() as client:
        (review,) = await versions_of("inc-1-review", client, since=since)
        page = str(review.data)
        story = str((await versions_of("inc-1", client, since=since))[-1].data)
    for text in (page, found.markdown, found.text):
        for secret in ("4111", "me@home.example", "Customer 1", "customer1@"):
            assert secret not in text
        assert "Jane Doe is on it" in text
    assert f"(/artifacts/artifact/{review.id})" in story

    liaison.world.break_checkout()
    liaison.world.zendesk.customer_reply(unlucky, "Sorry, but it is still broken for me.")
    await liaison.intake()
    again = await reviewed(liaison.database, liaison.policy_file, "INC-1")
    assert again.measures["seconds_to_resolve"] is None
    assert "opened again 1 time" in again.text

    file = tmp_path / "reviews" / "INC-1.md"
    for made in (found, again):
        write_review(made, file)
        assert file.read_text() == f"{made.markdown}\n"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert liaison.world.zendesk.tickets[content].status == "solved"
