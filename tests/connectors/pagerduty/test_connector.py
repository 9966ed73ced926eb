"""The connector on its fake: what the contract of a pager asks, and what is PagerDuty's own."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr

from connectors.kit.fakes.faults import FaultKind
from connectors.pagerduty import PagerDuty
from connectors.pagerduty.fake.app import FakePagerDuty
from incidents.errors import Busy, NotAllowed, Refused
from incidents.events import Lane
from incidents.models import PageStatus
from incidents.ports import WebhookSource
from tests.connectors.pagerduty.conftest import PAYMENTS_KEY, Clock, connect
from tests.contracts.pager import KEY, PAGE, PagerContract, PagerRig


class TestPagerDutyIsAPager(PagerContract):
    @pytest.fixture
    def rig(self, fake: FakePagerDuty, pagerduty: PagerDuty) -> PagerRig:
        def acknowledge() -> str:
            fake.acknowledge(fake.incidents[-1].id, by="Omar Haddad")
            return "Omar Haddad"

        def lose_note_reply() -> None:
            fake.faults.arm(FaultKind.DELAY, where="/notes")  # the look-up passes
            fake.faults.arm(FaultKind.DROP_REPLY, where="/notes")

        return PagerRig(
            pager=pagerduty,
            faults=fake.faults,
            woken=lambda: len(fake.pages),
            notes=lambda: [note.content for note in fake.incidents[-1].notes],
            acknowledge=acknowledge,
            resolve=lambda: fake.resolve(fake.incidents[-1].id),
            lose_note_reply=lose_note_reply,
        )


def test_manifest(pagerduty: PagerDuty) -> None:
    """It is a pager and a source of webhooks, read by the status drain."""
    assert isinstance(pagerduty, WebhookSource)
    assert (pagerduty.vendor, pagerduty.lane) == ("pagerduty", Lane.STATUS_SYNC)


async def test_target_chooses_whom_to_wake(fake: FakePagerDuty, pagerduty: PagerDuty) -> None:
    """Each target has its own routing key, and so its own people on call."""
    await pagerduty.page(PAGE, once="a")
    await pagerduty.page(replace(PAGE, target="payments"), once="b")
    assert [(page.target, page.person) for page in fake.pages] == [
        ("", "Jane Doe"),
        ("payments", "Omar Haddad"),
    ]


async def test_unknown_target(fake: FakePagerDuty, pagerduty: PagerDuty) -> None:
    """A target that is not configured is an operator's to add; nobody else is woken instead."""
    with pytest.raises(NotAllowed, match="routing_keys"):
        await pagerduty.page(replace(PAGE, target="search"), once=KEY)
    assert not fake.pages


@pytest.mark.parametrize("target", ["", "payments"])
async def test_follow_ups_reach_the_target_that_was_paged(
    fake: FakePagerDuty, pagerduty: PagerDuty, target: str
) -> None:
    """PagerDuty drops an acknowledgement sent with another routing key, and nobody says with which it was."""
    await pagerduty.page(replace(PAGE, target=target), once=KEY)
    await pagerduty.acknowledge(KEY, once="ack")
    assert fake.incidents[0].status == "acknowledged"
    await pagerduty.resolve(KEY, once="resolve")
    assert fake.incidents[0].status == "resolved"


async def test_our_acknowledgement_leaves_the_engineer_assigned(
    fake: FakePagerDuty, pagerduty: PagerDuty
) -> None:
    """Acknowledging is no taking over: whoever was woken is still the responder, our integration is none."""
    await pagerduty.page(PAGE, once=KEY)
    await pagerduty.acknowledge(KEY, once="ack")
    state = await pagerduty.read(KEY)
    assert state is not None
    assert state.responders == ("Jane Doe",)


async def test_same_key_after_resolution_wakes_again(fake: FakePagerDuty, pagerduty: PagerDuty) -> None:
    """Why the ledger reads before a late resend: PagerDuty's deduplication ends with the resolution."""
    await pagerduty.page(PAGE, once=KEY)
    fake.resolve(fake.incidents[0].id)
    await pagerduty.page(PAGE, once=KEY)
    assert len(fake.pages) == 2
    state = await pagerduty.read(KEY)
    assert state is not None
    assert (state.page_id, state.status) == (fake.incidents[1].id, PageStatus.TRIGGERED)
    fake.resolve(fake.incidents[1].id)
    state = await pagerduty.read(KEY)
    assert state is not None
    assert (state.page_id, state.status) == (fake.incidents[1].id, PageStatus.RESOLVED)


async def test_old_incident_is_found(fake: FakePagerDuty, pagerduty: PagerDuty, clock: Clock) -> None:
    """PagerDuty leaves out what is older than a month unless asked for all; a resend must see it."""
    await pagerduty.page(PAGE, once=KEY)
    fake.resolve(fake.incidents[0].id)
    clock.advance(days=90)
    assert await pagerduty.read(KEY) is not None


async def test_merged_page_goes_on(fake: FakePagerDuty, pagerduty: PagerDuty) -> None:
    """A merge moves our alert into an older incident: that one is read by key.

    The one the merge resolved has no key left, so nobody can take its resolution for the end of our page.
    """
    await pagerduty.page(PAGE, once="older")
    await pagerduty.page(PAGE, once=KEY)
    older, newer = fake.incidents
    fake.merge(newer.id, into=older.id)
    state = await pagerduty.read(KEY)
    assert state is not None
    assert (state.page_id, state.status) == (older.id, PageStatus.TRIGGERED)
    merged_away = await pagerduty.read_by_id(newer.id)
    assert merged_away is not None
    assert (merged_away.key, merged_away.status) == ("", PageStatus.RESOLVED)


@pytest.mark.parametrize("shows_keys", [True, False])
async def test_key_by_id(clock: Clock, shows_keys: bool) -> None:
    """The key comes from the alert, whether or not the incident shows one."""
    fake = FakePagerDuty(clock=clock, shows_keys=shows_keys)
    pagerduty = connect(fake, routing_keys={})
    await pagerduty.page(PAGE, once=KEY)
    state = await pagerduty.read_by_id(fake.incidents[0].id)
    assert state is not None
    assert (state.key, state.url) == (KEY, "https://acme.pagerduty.com/incidents/PINC1")


async def test_index_lag(clock: Clock) -> None:
    """Paging is queued: right after it a look-up may find nothing, and a note waits rather than is lost."""
    fake = FakePagerDuty(clock=clock, visible_after=2)
    pagerduty = connect(fake, routing_keys={})
    await pagerduty.page(PAGE, once=KEY)
    assert await pagerduty.read(KEY) is None
    with pytest.raises(Busy) as caught:
        await pagerduty.add_note(KEY, "12 customers wait", once="note")
    assert caught.value.retry_after == pagerduty.index_lag
    await pagerduty.add_note(KEY, "12 customers wait", once="note")
    assert len(fake.incidents[0].notes) == 1


async def test_note_is_signed_by_the_configured_user(fake: FakePagerDuty, pagerduty: PagerDuty) -> None:
    """Notes are written in the name of `from_email`, which PagerDuty demands."""
    await pagerduty.page(PAGE, once=KEY)
    await pagerduty.add_note(KEY, "12 customers wait", once="note")
    assert fake.incidents[0].notes[0].by == "Liaison Bot"


async def test_wrong_routing_key(fake: FakePagerDuty) -> None:
    """PagerDuty answers 400 to a wrong routing key; the operator hears which target it is."""
    pagerduty = connect(fake, routing_keys={"payments": "0" * 32})
    with pytest.raises(NotAllowed, match="'payments'"):
        await pagerduty.page(replace(PAGE, target="payments"), once=KEY)


async def test_follow_up_goes_on_past_a_wrong_routing_key(fake: FakePagerDuty) -> None:
    """One wrong routing key does not keep the right one from resolving; it is told all the same."""
    pagerduty = connect(fake, routing_keys={"a": "0" * 32, "payments": PAYMENTS_KEY})
    await pagerduty.page(replace(PAGE, target="payments"), once=KEY)
    with pytest.raises(NotAllowed, match="'a'"):
        await pagerduty.resolve(KEY, once="resolve")
    assert fake.incidents[0].status == "resolved"


async def test_key_too_long(pagerduty: PagerDuty) -> None:
    """A key over PagerDuty's 255 characters is refused by us: cut, two keys could become one."""
    for once in ("", "k" * 256):
        with pytest.raises(Refused):
            await pagerduty.page(PAGE, once=once)
        with pytest.raises(Refused):
            await pagerduty.read(once)


async def test_events_limit_is_per_routing_key(clock: Clock) -> None:
    """A storm on one key is answered 429 and leaves the other key free."""
    fake = FakePagerDuty(
        routing_keys={"": "a" * 32, "payments": PAYMENTS_KEY}, events_a_minute=2, clock=clock
    )
    pagerduty = connect(fake, routing_key="a" * 32)
    for once in ("a", "b"):
        await pagerduty.page(PAGE, once=once)
    with pytest.raises(Busy):
        await pagerduty.page(PAGE, once="c")
    await pagerduty.page(replace(PAGE, target="payments"), once="d")
    clock.advance(seconds=61)
    await pagerduty.page(PAGE, once="c")
    assert len(fake.pages) == 4


async def test_rest_limit_says_when(clock: Clock) -> None:
    """The REST API sends no Retry-After; its `ratelimit-reset` is obeyed instead."""
    pagerduty = connect(FakePagerDuty(requests_a_minute=1, clock=clock))
    await pagerduty.read(KEY)
    with pytest.raises(Busy) as caught:
        await pagerduty.read(KEY)
    assert caught.value.retry_after == 20


async def test_wrong_api_token(fake: FakePagerDuty) -> None:
    """A revoked token is an operator's business, and no error repeats it."""
    pagerduty = connect(fake, api_token=SecretStr("revoked-token"))
    with pytest.raises(NotAllowed) as caught:
        await pagerduty.check()
    assert "revoked-token" not in str(caught.value)


async def test_check_tries_everything(fake: FakePagerDuty, pagerduty: PagerDuty) -> None:
    """A check names the account's user and targets, and leaves no incident behind."""
    assert "Liaison Bot" in await pagerduty.check()
    assert "payments" in await pagerduty.check()
    assert not fake.incidents


async def test_check_finds_a_wrong_user_and_a_wrong_routing_key(fake: FakePagerDuty) -> None:
    """What would fail in the night fails at the check."""
    with pytest.raises(NotAllowed, match="from_email"):
        await connect(fake, from_email="nobody@example.com").check()
    with pytest.raises(NotAllowed, match="'payments'"):
        await connect(fake, routing_keys={"payments": "0" * 32}).check()


async def test_closes(pagerduty: PagerDuty) -> None:
    """Closing leaves no open connection; pytest turns a forgotten one into an error."""
    await pagerduty.check()
    await pagerduty.aclose()


async def test_a_snooze_stands_in_the_log(fake: FakePagerDuty, pagerduty: PagerDuty, clock: Clock) -> None:
    """An acknowledgement that will time out is none; a later acknowledgement ends the rest."""
    await pagerduty.page(PAGE, once=KEY)
    (incident,) = fake.incidents
    fake.account.snooze(incident, 3600, "Omar Haddad")
    for state in (await pagerduty.read(KEY), await pagerduty.read_by_id(incident.id)):
        assert state is not None
        assert (state.status, state.snoozed_by) == (PageStatus.ACKNOWLEDGED, "Omar Haddad")
        assert state.snoozed_until == clock() + timedelta(hours=1)
    clock.advance(minutes=1)
    fake.acknowledge(incident.id, by="Jane Doe")
    state = await pagerduty.read(KEY)
    assert state is not None
    assert (state.snoozed_until, state.snoozed_by) == (None, "")


@pytest.mark.parametrize("target", ["", "payments"])
async def test_what_keeps_pages_from_waking_anybody(
    fake: FakePagerDuty, pagerduty: PagerDuty, clock: Clock, target: str
) -> None:
    """The service behind the target's routing key is disabled, in maintenance, or fine."""
    service = fake.directory.service_of(target)
    assert await pagerduty.obstacle(target) == ""
    service["status"] = "disabled"
    assert await pagerduty.obstacle(target) == f"its service {service['name']} is disabled"
    await pagerduty.page(replace(PAGE, target=target), once=KEY)
    assert (await pagerduty.read(KEY), list(fake.pages)) == (None, [])
    service["status"] = "active"
    window = {
        "start_time": clock().isoformat(),
        "end_time": (clock() + timedelta(hours=1)).isoformat(),
        "services": [{"id": service["id"], "type": "service_reference"}],
    }
    fake.directory.add("maintenance_windows", window)
    assert await pagerduty.obstacle(target) == f"its service {service['name']} is in maintenance"


async def test_the_service_is_looked_for_page_by_page(fake: FakePagerDuty, pagerduty: PagerDuty) -> None:
    """An account may have hundreds of services; ours is on the last page."""
    ours = fake.directory.service_of("payments")
    policy = {"id": ours["escalation_policy"]["id"], "type": "escalation_policy_reference"}
    for number in range(150):
        fake.directory.add("services", {"name": f"aaa {number}", "escalation_policy": policy})
    ours["status"] = "disabled"
    assert await pagerduty.obstacle("payments") == "its service payments is disabled"


async def test_nothing_is_known_where_services_cannot_be_read(
    fake: FakePagerDuty, pagerduty: PagerDuty
) -> None:
    """A token that may not read services keeps nobody from learning that nobody was woken."""
    fake.faults.arm(FaultKind.UNAUTHORIZED, where="/services", times=None)
    assert await pagerduty.obstacle("") == ""
    assert await pagerduty.obstacle("no such target") == ""
