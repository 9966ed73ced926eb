"""Agents and engineers read in the language of their team, from the first note to the last; and a change of it in the
middle tells nothing twice."""

from __future__ import annotations

import re

import pytest

from incidents.effects import EffectKind
from incidents.models import IncidentState
from tests.stories.conftest import Installation
from tests.stories.installation import SUBJECT

GERMAN = {"language": {"team": "de"}}
ENGLISH = re.compile(
    r"\b(the|and|is|are|were|has|have|been|not|of|by|for|it|its|you|your|from|with|this|that|nobody|since|ago|"
    r"customers?|pages?|paged|told|speaks|severity|within|failed|closed|resolved|acknowledged)\b",
    re.IGNORECASE,
)
TRADE = re.compile(r"HTTP [0-9]+ after .*|failed: exit code 1|`[^`]*`|^(- |/liaison).*", re.MULTILINE)
"""What a probe or a runner says in its own words, commands, and the lines of the help."""


def left_in_english(text: str) -> list[str]:
    without_data = TRADE.sub("", text.replace(SUBJECT, "").replace("Payments team", ""))
    return [line for line in without_data.splitlines() if ENGLISH.search(line)]


def details(liaison: Installation) -> str:
    """What the page says on a telephone."""
    (alert,) = liaison.page.alerts
    found = alert.event["payload"]["custom_details"]
    return "\n".join([liaison.page.title, *(f"{label}: {value}" for label, value in found.items())])


async def test_from_the_first_note_to_the_last_in_german(liaison: Installation):
    """The note on the ticket, the page, the room with its buttons, an answer to a command, and the summary."""
    liaison.write_policy(GERMAN)
    first, _ = await liaison.acknowledged(2)
    liaison.world.zendesk.agent_note(first, "Ada Agent", "/liaison owner me")
    liaison.world.zendesk.agent_note(first, "Ada Agent", "/liaison escalate next")
    await liaison.intake()
    assert details(liaison).startswith("INC-1 Checkout gestört, betroffen 2 Kunden: ")
    assert "Einschätzung: bestätigt: Kunden sind betroffen" in details(liaison)
    await liaison.resolved()
    assert (await liaison.incident()).state is IncidentState.CLOSED
    notes, room = liaison.notes(first), liaison.room()
    assert "INC-1: Jane Doe arbeitet daran." in notes
    assert "INC-1: Ab jetzt verantwortlich: Ada Agent" in notes
    assert "INC-1 ist abgeschlossen: alle zugehörigen Kunden wurden benachrichtigt." in notes
    assert "Nachweislich behoben (" in room
    for text in (notes, room, details(liaison), liaison.page_notes()):
        assert left_in_english(text) == []
    told = "\n".join(entry.text for entry in await liaison.timeline())
    assert "Alarmiert: Payments team" in told
    assert "Alarmiert über pagerduty/demo" in told
    assert left_in_english(told) == []
    assert liaison.replies(first)[0].startswith("Hello"), "customers read by their own language"


async def test_a_control_finds_what_is_left_in_english(liaison: Installation):
    """The same story with no language: the search above would see it."""
    (ticket,) = await liaison.acknowledged(1)
    assert left_in_english(liaison.notes(ticket)) != []
    assert left_in_english(details(liaison)) != []


@pytest.mark.parametrize(("first", "then"), [("en", "de"), ("de", "en")])
async def test_a_change_in_the_middle_tells_nothing_twice(liaison: Installation, first: str, then: str):
    """What was written in one language is known in the other: by keys and marks, never by its words."""
    liaison.write_policy({"language": {"team": first}})
    tickets = await liaison.acknowledged(2)
    liaison.world.zendesk.agent_note(tickets[0], "Ada Agent", "/liaison owner me")
    await liaison.intake()
    before = {line.key for line in await liaison.ledger()}
    written = [liaison.world.zendesk.private_notes(one) for one in tickets]
    room, page = liaison.room(), liaison.page_notes()

    liaison.write_policy({"language": {"team": then}})
    for _ in range(3):
        await liaison.intake()
        await liaison.sync()
    assert {line.key for line in await liaison.ledger()} == before
    assert [liaison.world.zendesk.private_notes(one) for one in tickets] == written
    assert (liaison.room(), liaison.page_notes()) == (room, page)

    # It goes on in the other one, and each thing is said once.
    await liaison.resolved()
    assert (await liaison.incident()).state is IncidentState.CLOSED
    said = {
        "en": "INC-1 is closed: every linked customer",
        "de": "INC-1 ist abgeschlossen: alle zugehörigen Kunden",
    }
    for one in tickets:
        assert liaison.notes(one).count(said[then]) == 1
        assert said[first] not in liaison.notes(one)
        assert len(liaison.replies(one)) == 2
    assert len(await liaison.ledger(EffectKind.PAGE)) == 1
