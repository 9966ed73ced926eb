"""The main story: one outage, from the first customer's report to the last customer's answer."""

from __future__ import annotations

from datetime import UTC, datetime

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.objects import Artifact

from incidents.effects import EffectState
from incidents.models import IncidentState, Verdict
from tests.stories.installation import BODY, Installation

CARD, MAIL = "4111 1111 1111 1111", "me@home.example"
CONFIDED = f"Checkout fails, card {CARD}, answer to {MAIL}"
HOSTILE = "Checkout <img src=x onerror=alert(1)> [click](https://evil.example/a) www.evil.example **now**"


async def test_from_the_first_ticket_to_closed(liaison: Installation):
    """Action first, one page, everybody told who has it, progress once, closure once, every ticket solved."""
    tickets = await liaison.escalated(3)

    assert [run.action for run in liaison.world.checkout.runs] == ["restart-checkout"]
    (page,) = liaison.world.pagerduty.pages
    assert page.target == "payments"
    assert details(liaison)["Tried"] == "restart-checkout: failed: exit code 1"
    assert "3 tickets from 3 customers" in details(liaison)["Who is hit"]
    for ticket in tickets:
        assert "confirmed: customers are hit" in liaison.notes(ticket)
        assert "speaks for it: http/checkout: " in liaison.notes(ticket), "a verdict comes with its evidence"
        assert "Payments team has been paged" in liaison.notes(ticket)
        assert liaison.replies(ticket) == [], "notes are for colleagues"
    incident = await liaison.incident()
    assert (incident.state, incident.verdict) == (IncidentState.ESCALATED, Verdict.CONFIRMED)

    liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")
    await liaison.sync()
    for ticket in tickets:
        assert "Jane Doe is on it" in liaison.notes(ticket)
        (progress,) = liaison.replies(ticket)
        assert "Your reference is INC-1" in progress

    await liaison.resolved()
    for ticket in tickets:
        assert len(liaison.replies(ticket)) == 2
        assert "is fixed, and we have checked it" in liaison.replies(ticket)[-1]
        assert liaison.world.zendesk.tickets[ticket].status == "solved"
    assert (await liaison.incident()).state is IncidentState.CLOSED
    assert "INC-1 is closed: every linked customer was told." in liaison.room()
    assert {line.state for line in await liaison.ledger()} == {EffectState.DONE}

    planned = len(await liaison.ledger())
    await liaison.intake()
    await liaison.sync()
    assert len(await liaison.ledger()) == planned, "the echoes of what we did ourselves are no news"
    assert len(liaison.world.pagerduty.pages) == 1


async def test_what_a_customer_confided_stays_at_the_helpdesk(liaison: Installation):
    """Card numbers and addresses in a ticket reach neither the page, nor the room, nor the incident's title."""
    liaison.world.break_checkout()
    liaison.customers_write(subject=CONFIDED, body=BODY)
    await liaison.intake()

    told = [str(liaison.page.alerts[0].event), liaison.room(), liaison.page.title]
    told += [(await liaison.incident()).title, liaison.world.slack.channel("inc-1-checkout").topic]
    for text in told:
        assert "[card removed]" in text
        assert CARD not in text
        assert MAIL not in text
    assert all("I tried three times" not in text for text in told), "nobody needs the ticket's body"


async def test_the_story_is_one_page_at_one_address(liaison: Installation, prefect_client: PrefectClient):
    """`inc-1` is rewritten at each turn, so a link to it shows the newest; a customer's markup stays text in it."""
    began = datetime.now(UTC)
    liaison.world.break_checkout()
    liaison.customers_write(subject=HOSTILE)
    await liaison.intake()
    (first,) = await versions_of("inc-1", prefect_client, since=began)
    await liaison.resolved()
    (last,) = await versions_of("inc-1", prefect_client, since=began)

    assert last.id == first.id
    told = [str(page.description).partition(":")[0] for page in (first, last)]
    assert told == ["INC-1 escalated", "INC-1 closed"]
    for version in (first, last):
        page = str(version.data)
        assert "<img" not in page
        assert "](https://evil" not in page
        assert "https://evil" not in page, "a bare address becomes a link by itself"
        assert "www.evil" not in page
        assert "**now**" not in page
    assert "&lt;img src=x" in str(last.data), "it is shown, as text"


def details(liaison: Installation) -> dict[str, str]:
    """What the engineer reads on the page."""
    found: dict[str, str] = liaison.page.alerts[0].event["payload"]["custom_details"]
    return found


async def versions_of(key: str, client: PrefectClient, *, since: datetime) -> list[Artifact]:
    """This story's versions, oldest first: others had an incident of that name before."""
    named = ArtifactFilter(key=ArtifactFilterKey(any_=[key]))
    found = await client.read_artifacts(artifact_filter=named)
    ours = [version for version in found if version.created is not None and version.created >= since]
    return sorted(ours, key=lambda version: str(version.created))
