"""What every `WebhookSubscriptions` must keep: all are listed, and what is made or mended tells us what we need, here.

Subclass it in `tests/connectors/<vendor>/`:

    class TestZendeskListsItsWebhooks(WebhookSubscriptionsContract):
        @pytest.fixture
        def account(self, ...) -> WebhookAccount: ...                # acts behind the connector's back
        @pytest.fixture
        async def vendor(self, account) -> AsyncIterator[Zendesk]: ...
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Protocol

import pytest
import stamina

from connectors.kit.fakes.faults import FaultKind, Faults
from incidents.errors import Busy, NotAllowed, Refused, Unknown, Unreachable
from incidents.ports import WebhookSubscriptions
from incidents.subscriptions import SecretMatch, WebhookSubscription

ADDRESS = "https://liaison.example.com/hooks/vendor/name"
ELSEWHERE = "https://warehouse.example/in"
TITLE = "Liaison (abc123, vendor/name)"


class WebhookAccount(Protocol):
    """The vendor's account, as its administrator sees it."""

    faults: Faults
    webhooks_path: str
    """Part of the path of the calls on webhooks."""

    def add_webhook(self, address: str, title: str = "") -> str:
        """One that an administrator made, that tells nothing we need; its id."""
        ...

    def switch_off(self, id: str) -> None:
        """Somebody, or the vendor itself after failures, switches it off."""
        ...

    def addresses(self) -> Mapping[str, str]:
        """The addresses of all webhooks, by id."""
        ...

    async def something_happens(self) -> list[str]:
        """Something of which a complete webhook tells; returns the addresses that were told."""
        ...


class WebhookSubscriptionsContract:
    many: ClassVar[int] = 130
    """More than the vendor lists on one page."""

    @pytest.fixture(autouse=True)
    def _no_waiting(self) -> Iterator[None]:
        stamina.set_testing(True, attempts=2)
        yield
        stamina.set_testing(False)

    async def row(self, vendor: WebhookSubscriptions, id: str) -> WebhookSubscription:
        return next(row for row in await vendor.subscriptions() if row.id == id)

    def test_is_told_by_the_class_line(self, vendor: WebhookSubscriptions) -> None:
        assert isinstance(vendor, WebhookSubscriptions)

    async def test_none(self, vendor: WebhookSubscriptions) -> None:
        assert await vendor.subscriptions() == []

    async def test_somebody_elses_are_listed(
        self, vendor: WebhookSubscriptions, account: WebhookAccount
    ) -> None:
        """Whoever made them, and whatever they are for."""
        own_id = account.add_webhook(ELSEWHERE, "Warehouse")
        (row,) = await vendor.subscriptions()
        assert (row.id, row.title, row.address) == (own_id, "Warehouse", ELSEWHERE)
        assert row.is_enabled
        assert row.lacks

    async def test_all_of_many(self, vendor: WebhookSubscriptions, account: WebhookAccount) -> None:
        """A list of pages is read to its end: a double on the last page is one, too."""
        ids = {account.add_webhook(ELSEWHERE) for _ in range(self.many)}
        found = await vendor.subscriptions()
        assert {row.id for row in found} == ids
        assert len(found) == self.many

    async def test_made_and_switched_on(self, vendor: WebhookSubscriptions, account: WebhookAccount) -> None:
        """What is made tells nothing before its secret is kept; then all we need, to us, signed as we know."""
        made = await vendor.subscribe(ADDRESS, title=TITLE)
        assert account.addresses() == {made.id: ADDRESS}
        assert TITLE in (await self.row(vendor, made.id)).title
        assert await account.something_happens() == []
        await vendor.mend_subscription(made.id, address=ADDRESS)
        row = await self.row(vendor, made.id)
        assert (row.is_enabled, row.lacks, row.is_unfinished, row.title) == (True, (), False, TITLE)
        assert row.kinds
        assert ADDRESS in await account.something_happens()
        if made.secret is not None:
            assert len(made.secret.get_secret_value()) >= 16
        else:
            assert row.secret is not SecretMatch.DIFFERENT

    async def test_mended(self, vendor: WebhookSubscriptions, account: WebhookAccount) -> None:
        """One that was switched off and tells too little tells all afterwards, and what it told before."""
        own_id = account.add_webhook(ADDRESS, "By hand")
        account.switch_off(own_id)
        before = await self.row(vendor, own_id)
        assert not before.is_enabled
        assert before.disabled_because
        for _ in range(2):  # the same twice is as once
            await vendor.mend_subscription(own_id, address=ADDRESS)
        row = await self.row(vendor, own_id)
        assert (row.is_enabled, row.lacks, row.title) == (True, (), "By hand")
        assert row.kinds >= before.kinds
        assert list(account.addresses()) == [own_id]
        assert ADDRESS in await account.something_happens()

    async def test_moved(self, vendor: WebhookSubscriptions, account: WebhookAccount) -> None:
        """The row says whether the address can be changed, and it is as the row says."""
        own_id = account.add_webhook(ELSEWHERE)
        can_move = (await self.row(vendor, own_id)).takes_address
        await vendor.mend_subscription(own_id, address=ADDRESS)
        assert account.addresses() == {own_id: ADDRESS if can_move else ELSEWHERE}

    async def test_removed(self, vendor: WebhookSubscriptions, account: WebhookAccount) -> None:
        """Only the one that was named; the same twice is as once."""
        made = await vendor.subscribe(ADDRESS, title=TITLE)
        other = account.add_webhook(ADDRESS)
        await vendor.unsubscribe(made.id)
        await vendor.unsubscribe(made.id)
        assert list(account.addresses()) == [other]

    @pytest.mark.parametrize("id", ["", "../users/1", "1?x=y", "1/enable"])
    async def test_what_is_no_id_reaches_no_path(self, vendor: WebhookSubscriptions, id: str) -> None:
        for call in (vendor.mend_subscription(id, address=ADDRESS), vendor.unsubscribe(id)):
            with pytest.raises(Refused):
                await call

    async def test_credentials_that_do_not_reach(
        self, vendor: WebhookSubscriptions, account: WebhookAccount
    ) -> None:
        account.faults.arm(FaultKind.UNAUTHORIZED, times=8, where=account.webhooks_path)
        with pytest.raises(NotAllowed):
            await vendor.subscriptions()
        with pytest.raises(NotAllowed):
            await vendor.subscribe(ADDRESS, title=TITLE)

    async def test_busy_or_away(self, vendor: WebhookSubscriptions, account: WebhookAccount) -> None:
        account.faults.arm(FaultKind.RATE_LIMIT, times=8, where=account.webhooks_path)
        with pytest.raises(Busy):
            await vendor.subscriptions()
        account.faults.clear()
        account.faults.arm(FaultKind.OUTAGE, times=8, where=account.webhooks_path)
        with pytest.raises(Unreachable):
            await vendor.subscriptions()

    async def test_a_lost_answer_makes_no_second_one(
        self, vendor: WebhookSubscriptions, account: WebhookAccount
    ) -> None:
        """It may have been made: it is not made again in place, and the list tells."""
        account.faults.arm(FaultKind.DROP_REPLY, where=account.webhooks_path)
        with pytest.raises(Unknown):
            await vendor.subscribe(ADDRESS, title=TITLE)
        (row,) = await vendor.subscriptions()
        assert row.address == ADDRESS
        assert TITLE in row.title
