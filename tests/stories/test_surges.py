"""More reports than usual that no rule knows: recorded in the shadow; opened as a candidate when the policy says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from prefect import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.sorting import ArtifactSort
from sqlalchemy import select, update

from flows.drift_check import drift_check
from incidents.models import Contact, Ticket, TicketRef, TicketStatus
from incidents.store.schema.tables import incidents, insight_predictions
from incidents.store.tickets import save_tickets
from insights.surge.detector import SurgeDetector
from insights.surge.voices import SurgeEvent
from tasks import resources
from tasks.insights.surges import Listener
from tests.stories.installation import Installation

ON = {"insights": {"surge": {"mode": "on", "service": "search"}}}
NOW = datetime.now(UTC)


def a_ticket(number: int, at: datetime, product: str = "Vouchers") -> Ticket:
    """A question that no rule of the demo's policy routes."""
    return Ticket(
        ref=TicketRef(connection="zendesk/demo", id=f"old-{number}"),
        subject="My voucher is refused",
        status=TicketStatus.OPEN,
        source_status="open",
        requester=Contact(id=f"customer-{number}"),
        version=1,
        created_at=at,
        updated_at=at,
        product=product,
    )


async def six_quiet_weeks(liaison: Installation) -> None:
    """A ticket every four hours about anything."""
    tickets = [a_ticket(hour, NOW - timedelta(hours=hour), "Misc") for hour in range(5, 24 * 42, 4)]
    async with liaison.database.transaction() as tx:
        await save_tickets(tx, tickets)


async def twelve_at_once(liaison: Installation) -> None:
    """Twelve customers in half an hour; one that is routed rings the bell."""
    burst = [a_ticket(10_000 + number, NOW - timedelta(minutes=30 - number)) for number in range(12)]
    async with liaison.database.transaction() as tx:
        await save_tickets(tx, burst)
    liaison.customers_write(1, subject="How do I pay by invoice?", body="A question.")
    await liaison.intake()


async def recorded(liaison: Installation) -> list[tuple[str, bool]]:
    async with liaison.database.transaction() as tx:
        rows = await tx.execute(
            select(insight_predictions.c.subject, insight_predictions.c.is_shadow).where(
                insight_predictions.c.kind == "surge"
            )
        )
        return [(row.subject.partition(" 20")[0], row.is_shadow) for row in rows]


async def test_in_the_shadow_a_surge_is_only_recorded(liaison: Installation):
    await six_quiet_weeks(liaison)
    await twelve_at_once(liaison)
    assert len(await recorded(liaison)) == 1
    assert (await recorded(liaison))[0][1] is True
    assert await liaison.incidents() == []


async def test_a_surge_opens_one_candidate_with_its_evidence(liaison: Installation):
    """It holds the reports, is validated like any other, and nobody is paged for it as long as the probe is green."""
    liaison.write_policy(ON)
    await six_quiet_weeks(liaison)
    await twelve_at_once(liaison)
    (incident,) = await liaison.incidents()
    assert incident.service == "search"
    assert "surge of" in incident.title
    assert [item.source for item in incident.evidence if item.source == "surge"]
    case = await liaison.case(incident.id)
    assert len(case.tickets) >= 10
    assert any("Opened as a candidate" in entry.text for entry in await liaison.timeline(incident.id))
    assert liaison.world.pagerduty.pages == []

    await resources.close()  # a worker that starts anew listens again, and finds nothing new
    liaison.customers_write(1, subject="How do I pay by card?", body="A question.")
    await liaison.intake()
    assert len(await liaison.incidents()) == 1
    assert len(await recorded(liaison)) == 1


async def test_its_figures_are_in_the_teams_language(liaison: Installation):
    liaison.write_policy(ON | {"language": {"team": "de"}})
    await six_quiet_weeks(liaison)
    await twelve_at_once(liaison)
    (incident,) = await liaison.incidents()
    (first, *_) = [item.text for item in incident.evidence if item.source == "surge"]
    assert " Meldungen (" in first
    assert " Uhr: " in first


class NoDetector(SurgeDetector):
    """Of no use today."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def see(self, event: SurgeEvent) -> None:
        self.asked += 1
        raise RuntimeError("no detector today")


async def test_a_detector_that_fails_does_not_stop_the_intake(liaison: Installation):
    """The tickets are taken in as ever."""
    listener, basis = resources.kept(Listener), resources.basis()
    listener.begin(basis.policy.insights.surge.score, basis.now)
    listener.detector = broken = NoDetector()
    await liaison.escalated()
    assert broken.asked
    assert len(liaison.world.pagerduty.pages) == 1


async def test_off_means_off(liaison: Installation):
    liaison.write_policy({"insights": {"surge": {"mode": "off"}}})
    await six_quiet_weeks(liaison)
    await twelve_at_once(liaison)
    assert await recorded(liaison) == []


async def truths(liaison: Installation) -> list[str | None]:
    async with liaison.database.transaction() as tx:
        rows = await tx.execute(
            select(insight_predictions.c.truth).where(insight_predictions.c.kind == "surge")
        )
        return list(rows.scalars())


async def page(liaison: Installation) -> str:
    async with get_client() as client:
        (found,) = await client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=["surges"])),
            sort=ArtifactSort.CREATED_DESC,
            limit=1,
        )
    return str(found.data)


async def test_what_became_of_a_surge_is_told_every_night(liaison: Installation):
    """Open, then found to be nothing, then after all an incident."""
    liaison.write_policy(ON)
    await six_quiet_weeks(liaison)
    await twelve_at_once(liaison)
    assert await drift_check() == "no model in use, 0 of 0 surges were incidents; 0 predictions settled"
    assert await truths(liaison) == [None]
    assert "| not known yet (INC-1) |" in await page(liaison)

    for change, told, truth in (
        ({"state": "not_an_incident"}, "0 of 1 surges were incidents", "nothing"),
        ({"state": "closed", "acknowledged_at": NOW}, "1 of 1 surges were incidents", "incident"),
    ):
        async with liaison.database.transaction() as tx:
            await tx.execute(update(incidents).values(change))
        assert told in await drift_check()
        assert await truths(liaison) == [truth]
        assert f"**{told}**" in await page(liaison)
    assert "INC-1, seen after it was opened" in await page(liaison)


async def test_in_the_shadow_it_is_held_against_the_services_incidents(liaison: Installation):
    """Nothing was opened by it: nobody can say whose it was, as it names no service of the policy."""
    await six_quiet_weeks(liaison)
    await twelve_at_once(liaison)
    await drift_check()
    assert "(shadow) | of no known service |" in await page(liaison)
    assert "They are recorded only." in await page(liaison)
    assert await truths(liaison) == [None]
