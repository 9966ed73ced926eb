"""One story in every tool: what is said or done in one of them reaches the others, once, and never comes back."""

from __future__ import annotations

from datetime import timedelta

from connectors.kit.fakes.faults import FaultKind
from connectors.slack.fake import rendering
from flows.recover import recover
from incidents.effects import EffectKind, EffectState
from incidents.models import IncidentState
from tests.stories.installation import Installation

ROOM = "inc-1-checkout"
CHAT = (EffectKind.CHAT_ROOM, EffectKind.CHAT_POST)


async def test_slack_away_hinders_nobody_else(liaison: Installation):
    """No room can be opened: paged and told as ever; the room and its posts come when Slack is back, in order."""
    faults = liaison.world.slack.faults
    faults.arm(FaultKind.OUTAGE, times=None)
    (ticket,) = await liaison.acknowledged()
    assert len(liaison.world.pagerduty.pages) == 1
    assert "Jane Doe is on it" in liaison.notes(ticket)
    assert len(liaison.replies(ticket)) == 1
    assert all(line.state.is_open for line in await liaison.ledger(*CHAT))

    faults.clear()
    await liaison.let_pass(timedelta(minutes=10))
    await recover()
    assert {line.state for line in await liaison.ledger(*CHAT)} == {EffectState.DONE}
    posts = liaison.room()
    assert posts.index("Who is hit") < posts.index("Jane Doe is on it")


async def test_notes_go_round_once_and_no_further(liaison: Installation):
    """An agent's private note reaches page and room, an engineer's note every ticket and the room. Our own
    copies come back as webhooks, and are no news."""
    world = liaison.world
    first, second = await liaison.acknowledged(2)
    world.zendesk.agent_note(first, "Ada Agent", "They lose 900 euros an hour.")
    await liaison.intake()
    world.pagerduty.add_note(liaison.page.id, "Jane Doe", "Connection pool exhausted.")
    await liaison.sync()

    assert liaison.page_notes().count("They lose 900 euros an hour.") == 1
    assert liaison.notes(first).count("They lose 900 euros an hour.") == 1, (
        "not sent back to where it was said"
    )
    assert [liaison.notes(ticket).count("Connection pool exhausted.") for ticket in (first, second)] == [1, 1]
    assert liaison.page_notes().count("Connection pool exhausted.") == 1
    for said in ("They lose 900 euros an hour.", "Connection pool exhausted."):
        assert liaison.room().count(said) == 1
        assert all(said not in reply for ticket in (first, second) for reply in liaison.replies(ticket))

    planned = len(await liaison.ledger())
    for _ in range(2):
        await liaison.intake()
        await liaison.sync()
    assert len(await liaison.ledger()) == planned


async def test_the_button_acknowledges_the_page(liaison: Installation):
    """Pressed in the room: acknowledged in PagerDuty, and everybody hears who has it."""
    (ticket,) = await liaison.escalated()
    slack = liaison.world.slack
    context = next(post for post in slack.messages(ROOM) if "Who is hit" in str(post))
    assert await slack.press(context["ts"], "I have it") == 200
    await liaison.sync()
    assert liaison.page.status == "acknowledged"
    await liaison.sync()

    incident = await liaison.incident()
    assert (incident.state, incident.responder) == (IncidentState.ACKNOWLEDGED, "anna")
    assert "anna is on it" in liaison.notes(ticket)
    assert "anna acknowledged in chat" in liaison.page_notes()
    assert len(liaison.replies(ticket)) == 1


async def test_commands_from_the_room(liaison: Installation):
    """`status` answers, `note` reaches tickets and page, `resolve` resolves; nonsense is told what works."""
    liaison.write_policy({"closure": {"proof_interval": "1h", "proofs": 2}})
    (ticket,) = await liaison.acknowledged()
    slack = liaison.world.slack
    for text in ("status", "note INC-1 rolled back the deployment", "make coffee"):
        assert await slack.slash(text, channel=ROOM) == 200
    await liaison.sync()
    room = liaison.room()
    assert "INC-1 Checkout: Checkout fails with an error: acknowledged since " in room
    assert ", Jane Doe is on it; 1 ticket; " in room
    assert "Commands:\n- status: how it stands, who has it" in room
    for where in (liaison.notes(ticket), liaison.page_notes(), room):
        assert where.count("anna: rolled back the deployment") == 1

    liaison.world.mend_checkout()
    assert await slack.slash("resolve", channel=ROOM, user="U0BORIS") == 200
    await liaison.sync()
    assert liaison.page.status == "resolved"
    await liaison.sync()
    incident = await liaison.incident()
    assert (incident.state, incident.responder) == (IncidentState.RESOLVED, "boris")
    assert "boris resolved it; proof is being taken" in liaison.notes(ticket)


async def test_asked_where_no_incident_is(liaison: Installation):
    """In a channel of everybody's, and for an incident that never was: answered, and no run fails."""
    await liaison.escalated()
    slack = liaison.world.slack
    slack.workspace.add_channel("general", member="U0ANNA")
    for text in ("status", "help", "ack INC-99", "ack", "status INC-1"):
        assert await slack.slash(text, channel="general") == 200
    await liaison.sync()
    said = "\n".join(rendering.shown(post) for post in slack.messages(slack.workspace.direct(["U0ANNA"]).id))
    assert "Open incidents:\nINC-1 Checkout: Checkout fails with an error: escalated" in said
    assert "Commands:\n- status: how it stands, who has it" in said
    assert "There is no INC-99." in said
    assert "Which incident? This is no incident's room." in said
    assert "INC-1 Checkout: Checkout fails with an error: escalated since " in said
    assert slack.messages("general") == []
    assert "INC-99" not in liaison.room()

    await slack.slash("ack INC-99", channel=ROOM)
    await slack.slash("ack INC-1", channel="general")
    await liaison.sync()
    await liaison.sync()
    assert "There is no INC-99." in liaison.room()
    assert (await liaison.incident()).state is IncidentState.ACKNOWLEDGED


async def test_a_room_archived_in_mid_incident(liaison: Installation):
    """Another one takes its place, with the context in it; page and owner learn where it is, and posts go on there."""
    world = liaison.world
    (ticket,) = await liaison.acknowledged()
    world.slack.archive(ROOM)
    await liaison.sync()
    room = "\n".join(rendering.shown(post) for post in world.slack.messages(f"{ROOM}-2"))
    assert "The room of INC-1 was archived; another one takes its place" in room
    assert "Who is hit: 1 ticket from 1 customer" in room
    for told in (liaison.notes(ticket), liaison.page_notes()):
        assert "The room of INC-1 is inc-1-checkout-2 (" in told

    world.zendesk.agent_note(ticket, "Ada Agent", "Only with PayPal.")
    await liaison.intake()
    await world.slack.slash("status", channel=f"{ROOM}-2")
    await liaison.sync()
    room = "\n".join(rendering.shown(post) for post in world.slack.messages(f"{ROOM}-2"))
    assert "Only with PayPal." in room
    assert ", Jane Doe is on it; 1 ticket; " in room
    assert await liaison.ledger(EffectKind.CHAT_POST, states=[EffectState.DEAD]) == []


async def test_a_room_archived_and_nobody_told_us(liaison: Installation):
    """The event was lost: the next post finds it out."""
    world = liaison.world
    (ticket,) = await liaison.acknowledged()
    world.slack.channel(ROOM).is_archived = True
    world.zendesk.agent_note(ticket, "Ada Agent", "Only with PayPal.")
    await liaison.intake()
    room = "\n".join(rendering.shown(post) for post in world.slack.messages(f"{ROOM}-2"))
    assert "Only with PayPal." in room
    assert "Who is hit" in room


async def test_a_room_put_away_after_the_fix(liaison: Installation):
    """Nobody opens another one for the last words."""
    liaison.write_policy({"closure": {"proof_interval": "1h", "proofs": 2}})
    await liaison.acknowledged()
    await liaison.resolved()
    liaison.world.slack.archive(ROOM)
    await liaison.sync()
    await liaison.let_pass(timedelta(hours=2))
    await recover()
    assert (await liaison.incident()).state is IncidentState.CLOSED
    assert [channel.name for channel in liaison.world.slack.workspace.channels.values()] == [ROOM]
    (dead, *_) = await liaison.ledger(EffectKind.CHAT_POST, states=[EffectState.DEAD])
    assert "the incident needs none any more" in dead.detail


async def test_a_renamed_room(liaison: Installation):
    """It goes on by its id, and its owner is told."""
    world = liaison.world
    (ticket,) = await liaison.acknowledged()
    world.slack.rename(ROOM, "cards-are-down")
    world.pagerduty.add_note(liaison.page.id, "Jane Doe", "Connection pool exhausted.")
    await liaison.sync()
    assert "The room of INC-1 is called cards-are-down now." in liaison.notes(ticket)
    posts = "\n".join(rendering.shown(post) for post in world.slack.messages("cards-are-down"))
    assert "Connection pool exhausted." in posts


async def test_a_foreign_room_of_the_same_name(liaison: Installation):
    """Another installation's: customers' context is not posted into it."""
    foreign = liaison.world.slack.workspace.add_channel(ROOM)
    await liaison.escalated()
    assert foreign.messages == []
    posts = "\n".join(rendering.shown(post) for post in liaison.world.slack.messages(f"{ROOM}-2"))
    assert "Who is hit" in posts
