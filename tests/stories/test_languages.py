"""Customers are told in their own language where their ticket tells it, by their own clock; and it is no news to us."""

from __future__ import annotations

from datetime import timedelta

from flows.sla_sweep import sla_sweep
from incidents.models import IncidentState
from tests.stories.conftest import Installation

COMPLAINT = ("Kasse geht nicht", "Beim checkout kommt immer Fehler 503.")


async def test_each_customer_in_their_language_and_by_their_clock(liaison: Installation):
    """A German, a Frenchwoman and somebody from nowhere in one incident: from the first message to the last."""
    liaison.world.break_checkout()
    desk = liaison.world.zendesk
    german = desk.create_ticket(
        "Uta", "uta@mail.example", *COMPLAINT, locale="de", iana_time_zone="Europe/Berlin"
    )
    french = desk.create_ticket(
        "Zoé", "zoe@mail.example", *COMPLAINT, locale="fr", iana_time_zone="Mars/Base"
    )
    other = desk.create_ticket("Ana", "ana@mail.example", *COMPLAINT, locale="pt-BR")
    tickets = (german, french, other)
    await liaison.intake()
    liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")
    await liaison.sync()
    first = [liaison.replies(one)[0] for one in tickets]
    assert "unsere Techniker arbeiten daran" in first[0]
    assert " Uhr ME" in first[0], "by the clock of Berlin"
    assert "nos techniciens y travaillent" in first[1]
    assert "(UTC)" in first[1], "what is no zone is not gone by"
    assert "our engineers are working on it" in first[2]

    # What we wrote comes back by webhook and starts nothing, in whichever language.
    for _ in range(3):
        await liaison.intake()
        await liaison.sync()
    assert [len(liaison.replies(one)) for one in tickets] == [1, 1, 1]

    await liaison.let_pass(timedelta(hours=2))
    await sla_sweep()
    await liaison.resolved()
    assert (await liaison.incident()).state is IncidentState.CLOSED
    last = [liaison.replies(one)[-1] for one in tickets]
    assert "behoben, und wir haben es überprüft" in last[0]
    assert "est résolu, et nous l’avons vérifié" in last[1]
    assert "is fixed, and we have checked it" in last[2]
    for _ in range(2):
        await liaison.intake()
    assert (await liaison.incident()).state is IncidentState.CLOSED

    # Long after our word, and it fails again.
    await liaison.let_pass(timedelta(minutes=30))
    liaison.world.break_checkout()
    liaison.world.zendesk.customer_reply(german, "Es geht immer noch nicht.")
    await liaison.intake()
    incident = await liaison.incident()
    assert incident.generation == 2
    liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")
    await liaison.sync()
    assert "wieder aufgenommen: unsere Techniker arbeiten daran" in liaison.replies(german)[-1]


async def test_what_a_person_wrote_stays_as_it_is(liaison: Installation):
    """The operator's own words go to all alike; only the time is by the reader's clock."""
    liaison.write_policy(
        {
            "language": {"default": "de", "time_zone": "Europe/Vienna"},
            "templates": {"customer": {"progress": "OWN {{ service }} {{ next_update }}"}},
        }
    )
    liaison.world.break_checkout()
    desk = liaison.world.zendesk
    french = desk.create_ticket("Zoé", "zoe@mail.example", *COMPLAINT, locale="fr")
    await liaison.intake()
    liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")
    await liaison.sync()
    assert liaison.replies(french)[0].startswith("OWN Checkout ")
    assert liaison.replies(french)[0].endswith(" Uhr UTC")
