"""The connector on its fake: what the contract of a pager asks, and what is Opsgenie's own."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr

from connectors.kit.fakes.faults import FaultKind
from connectors.opsgenie import Opsgenie, mapping
from connectors.opsgenie.fake.account import AliasedAlert
from connectors.opsgenie.fake.app import FakeOpsgenie
from incidents.errors import Busy, NotAllowed, Refused, Unknown
from incidents.events import Lane
from incidents.models import PageStatus
from incidents.ports import WebhookSource
from tests.connectors.opsgenie.conftest import JANE, OMAR, Clock, connect
from tests.contracts.pager import KEY, PAGE, PagerContract, PagerRig


def rig_of(fake: FakeOpsgenie, opsgenie: Opsgenie) -> PagerRig:
    def acknowledge() -> str:
        fake.acknowledge(fake.alerts[-1], OMAR)
        return OMAR

    return PagerRig(
        pager=opsgenie,
        faults=fake.faults,
        woken=lambda: len(fake.rings),
        notes=lambda: [note.text for note in fake.alerts[-1].notes],
        acknowledge=acknowledge,
        resolve=lambda: fake.close(fake.alerts[-1], OMAR),
        lose_note_reply=lambda: fake.faults.arm(
            FaultKind.DROP_REPLY, where=f"POST /v2/alerts/{fake.alerts[-1].id}/notes"
        ),
    )


class TestOpsgenieIsAPager(PagerContract):
    @pytest.fixture
    def rig(self, fake: FakeOpsgenie, opsgenie: Opsgenie) -> PagerRig:
        return rig_of(fake, opsgenie)


def test_manifest(opsgenie: Opsgenie) -> None:
    """It is a pager and a source of webhooks, read by the status drain."""
    assert isinstance(opsgenie, WebhookSource)
    assert (opsgenie.vendor, opsgenie.lane) == ("opsgenie", Lane.STATUS_SYNC)


async def test_target_chooses_whom_to_wake(fake: FakeOpsgenie, opsgenie: Opsgenie) -> None:
    """Each target has its own responder; one that is not configured wakes nobody else instead."""
    await opsgenie.page(PAGE, once="a")
    await opsgenie.page(replace(PAGE, target="payments"), once="b")
    assert [ring.person for ring in fake.rings] == [JANE, OMAR]
    with pytest.raises(NotAllowed, match="responders"):
        await opsgenie.page(replace(PAGE, target="search"), once="c")
    assert len(fake.alerts) == 2


async def test_done_later_than_accepted(fake: FakeOpsgenie, opsgenie: Opsgenie) -> None:
    """Accepted is not done: the request is asked for until it is."""
    fake.account.unhurried = 3
    await opsgenie.page(PAGE, once=KEY)
    assert len(fake.rings) == 1


async def test_not_processed_in_time_is_unknown(fake: FakeOpsgenie, opsgenie: Opsgenie) -> None:
    """Nobody knows yet whether it will ring, so nothing is sent a second time; the look that follows finds it."""
    fake.account.unhurried = 5
    with pytest.raises(Unknown):
        await opsgenie.page(PAGE, once=KEY)
    assert await opsgenie.read(KEY) is None
    with pytest.raises(Busy) as caught:
        await opsgenie.add_note(KEY, "12 customers wait", once="note")
    assert caught.value.retry_after == opsgenie.index_lag
    fake.account.process()
    assert await opsgenie.read(KEY) is not None
    assert len(fake.rings) == 1


@pytest.mark.parametrize("kind", [FaultKind.OUTAGE, FaultKind.RATE_LIMIT, FaultKind.UNAUTHORIZED])
async def test_a_fate_that_cannot_be_asked_for(
    fake: FakeOpsgenie, opsgenie: Opsgenie, kind: FaultKind
) -> None:
    """Whatever keeps us from asking, the page was accepted: it may have rung."""
    fake.faults.arm(kind, where="/requests/", times=None)
    with pytest.raises(Unknown):
        await opsgenie.page(PAGE, once=KEY)
    assert len(fake.rings) == 1


async def test_accepted_and_then_failed(fake: FakeOpsgenie, opsgenie: Opsgenie) -> None:
    """202 for a page that is never made is no success, nor for an end or a note that does not come."""
    fake.account.drops = True
    with pytest.raises(Refused, match="not made"):
        await opsgenie.page(PAGE, once=KEY)
    fake.account.drops = False
    await opsgenie.page(PAGE, once=KEY)
    fake.account.drops = True
    for change in (opsgenie.acknowledge, opsgenie.resolve):
        with pytest.raises(Refused, match="not done"):
            await change(KEY, once="a")
    with pytest.raises(Refused, match="not added"):
        await opsgenie.add_note(KEY, "x", once="note")
    # Joining an open alert, should that not count as a success.
    await opsgenie.page(PAGE, once=KEY)


async def test_what_stands_after_a_failed_request_cannot_be_read(
    fake: FakeOpsgenie, opsgenie: Opsgenie
) -> None:
    """An open alert may be there, which the page would have joined: nothing says that it was surely not made."""
    fake.account.drops = True
    fake.faults.arm(FaultKind.OUTAGE, where=f"/v2/alerts/{mapping.alias_of(KEY)}", times=None)
    with pytest.raises(Unknown, match="does not show"):
        await opsgenie.page(PAGE, once=KEY)


async def test_an_alias_counts_while_it_is_open(fake: FakeOpsgenie, opsgenie: Opsgenie) -> None:
    """The same key joins and counts; after the end it would wake again, why the ledger looks before a late resend."""
    for _ in range(3):
        await opsgenie.page(PAGE, once=KEY)
    assert (len(fake.alerts), fake.alerts[0].count, len(fake.rings)) == (1, 3, 1)
    fake.close(fake.alerts[0])
    await opsgenie.page(PAGE, once=KEY)
    assert len(fake.rings) == 2
    state = await opsgenie.read(KEY)
    assert state is not None
    assert (state.page_id, state.status) == (fake.alerts[1].id, PageStatus.TRIGGERED)


async def test_of_closed_ones_the_newest(fake: FakeOpsgenie, opsgenie: Opsgenie, clock: Clock) -> None:
    """A closed alert is not named by its alias any more; the search finds it, late."""
    for _ in range(2):
        await opsgenie.page(PAGE, once=KEY)
        fake.close(fake.alerts[-1], JANE)
        clock.advance(minutes=1)
    state = await opsgenie.read(KEY)
    assert state is not None
    assert (state.page_id, state.status, state.changed_by) == (
        fake.alerts[1].id,
        PageStatus.RESOLVED,
        JANE,
    )
    fake.search_lag = 1
    assert await opsgenie.read(KEY) is None


async def test_closed_by_a_policy_is_nobodys_word(fake: FakeOpsgenie, opsgenie: Opsgenie) -> None:
    """An auto-close policy ends alerts that were never fixed."""
    await opsgenie.page(PAGE, once=KEY)
    fake.close(fake.alerts[0])
    state = await opsgenie.read(KEY)
    assert state is not None
    assert (state.status, state.changed_by, state.responders) == (PageStatus.RESOLVED, "", ())


async def test_an_acknowledgement_stops_the_escalation(fake: FakeOpsgenie, opsgenie: Opsgenie) -> None:
    """Ours, too; it makes nobody a responder."""
    await opsgenie.page(PAGE, once=KEY)
    fake.account.escalate(fake.alerts[0], 1)
    assert [ring.person for ring in fake.rings] == [JANE, OMAR]
    await opsgenie.acknowledge(KEY, once="ack")
    fake.account.escalate(fake.alerts[0], 0)
    assert len(fake.rings) == 2
    state = await opsgenie.read(KEY)
    assert state is not None
    assert (state.status, state.responders, state.changed_by) == (PageStatus.ACKNOWLEDGED, (), "")


async def test_snoozed(fake: FakeOpsgenie, opsgenie: Opsgenie, clock: Clock) -> None:
    """Until when it rings for nobody, and by whom."""
    await opsgenie.page(PAGE, once=KEY)
    fake.account.snooze(fake.alerts[0], 2, OMAR)
    state = await opsgenie.read(KEY)
    assert state is not None
    assert (state.snoozed_until, state.snoozed_by) == (clock() + timedelta(hours=2), OMAR)


async def test_nobody_on_call(fake: FakeOpsgenie, opsgenie: Opsgenie) -> None:
    """An empty schedule makes an alert that rings nowhere. Of a team nothing is known, nor where it cannot be asked."""
    assert await opsgenie.obstacle("payments") == ""
    fake.account.on_call["schedule:Payments, nights"] = []
    assert await opsgenie.obstacle("payments") == "nobody is on call in its schedule Payments, nights"
    assert await opsgenie.obstacle("") == ""
    assert await opsgenie.obstacle("unheard of") == ""
    del fake.account.on_call["schedule:Payments, nights"]
    assert await opsgenie.obstacle("payments") == ""
    fake.faults.arm(FaultKind.UNAUTHORIZED, where="/schedules/", times=None)
    assert await opsgenie.obstacle("payments") == ""


async def test_what_is_too_long_is_cut(fake: FakeOpsgenie, opsgenie: Opsgenie) -> None:
    """Opsgenie refuses (422) what exceeds its limits, so nothing of ours does; markup stays words."""
    details = tuple((f"label {number}", "y" * 3_000) for number in range(60))
    page = replace(PAGE, summary="<b>" + "x" * 500, source="s" * 900, details=details)
    await opsgenie.page(page, once=KEY)
    made = fake.alerts[0].made
    assert len(made["message"]) == 130
    assert "<" not in made["message"]
    assert 1 < len(made["details"]) < 10
    await opsgenie.add_note(KEY, "n" * 40_000, once="note")
    assert len(fake.alerts[0].notes[0].text) <= 25_000


@pytest.mark.parametrize("key", [KEY, "a_b", "_2F", "..", "ü/%2F?#", "x y\n"])
async def test_a_key_goes_there_and_back(fake: FakeOpsgenie, opsgenie: Opsgenie, key: str) -> None:
    """An alias stands in paths: whatever the key, it is safe there, and read as it was."""
    await opsgenie.page(PAGE, once=key)
    assert fake.alerts[0].alias.replace("_", "").replace("-", "").isalnum()
    state = await opsgenie.read(key)
    assert state is not None
    assert state.key == key


def test_aliases_of_other_making() -> None:
    """They are their own keys."""
    for alias in ("disk full", "_FF", "_", "", "abc_2f"):
        assert mapping.key_of(alias) == alias


async def test_key_too_long(opsgenie: Opsgenie) -> None:
    """Cut, two keys could become one."""
    for once in ("", "k" * 513, "/" * 171):
        with pytest.raises(Refused):
            await opsgenie.page(PAGE, once=once)


async def test_the_limit_says_when(clock: Clock) -> None:
    """No Retry-After: the header of Opsgenie's own is obeyed."""
    opsgenie = connect(FakeOpsgenie(requests_a_minute=2, clock=clock))
    await opsgenie.read(KEY)
    with pytest.raises(Busy) as caught:
        await opsgenie.read(KEY)
    assert caught.value.retry_after == 60
    await opsgenie.aclose()


@pytest.mark.parametrize("right", ["read", "write"])
async def test_check_finds_a_missing_right(fake: FakeOpsgenie, opsgenie: Opsgenie, right: str) -> None:
    """An account's own key may read and not page; what would fail in the night fails at the check."""
    assert "payments" in await opsgenie.check()
    assert not fake.alerts
    fake.rights.remove(right)
    with pytest.raises(NotAllowed):
        await opsgenie.check()


async def test_wrong_key(fake: FakeOpsgenie) -> None:
    """A revoked key is an operator's business, and no error repeats it."""
    opsgenie = connect(fake, api_key=SecretStr("revoked-key"))
    with pytest.raises(NotAllowed) as caught:
        await opsgenie.check()
    assert "revoked-key" not in str(caught.value)
    await opsgenie.aclose()


async def test_deleted(fake: FakeOpsgenie, opsgenie: Opsgenie) -> None:
    """A deleted alert is none; its end and its acknowledgement are as good as done."""
    await opsgenie.page(PAGE, once=KEY)
    alert: AliasedAlert = fake.alerts.pop()
    assert (await opsgenie.read(KEY), await opsgenie.read_by_id(alert.id)) == (None, None)
    await opsgenie.acknowledge(KEY, once="ack")
    await opsgenie.resolve(KEY, once="resolve")
