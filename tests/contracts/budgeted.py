"""What a helpdesk says that a change costs: an update to thousands is planned by it, so it must be so."""

from __future__ import annotations

from incidents.fan_out.budget import Budgeted
from incidents.models import TicketChange, TicketStatus
from incidents.ports import Helpdesk
from tests.contracts.helpdesk import ONCE, REPLY, many_tickets
from tests.contracts.helpdesk_world import HelpdeskWorld


class BudgetedContract:
    """Beside `HelpdeskContract`, with the same fixtures `world` and `helpdesk`."""

    async def test_a_message_costs_what_the_budget_says(
        self, helpdesk: Helpdesk, world: HelpdeskWorld
    ) -> None:
        """Reading whom it goes to, and telling them; told too low, we would run into the limit, told too high, leave
        some of it unused."""
        assert isinstance(helpdesk, Budgeted)
        known, *ids = many_tickets(world, 11)
        await helpdesk.read([known])
        await helpdesk.update([known], REPLY, once=ONCE)
        before = helpdesk.budget()
        await helpdesk.read(ids)
        for one in ids:
            await helpdesk.update([one], REPLY, once=ONCE)
        made = [
            len(after.made) - len(limit.made)
            for limit, after in zip(before.limits, helpdesk.budget().limits, strict=True)
        ]
        costs = [len(ids) * cost for cost in before.alone]
        assert all(0.9 * cost <= calls <= 1.1 * cost for calls, cost in zip(made, costs, strict=True)), made

    async def test_a_status_costs_no_more(self, helpdesk: Helpdesk, world: HelpdeskWorld) -> None:
        """It is a change of its own, and counts as a message does."""
        assert isinstance(helpdesk, Budgeted)
        known, *ids = many_tickets(world, 11)
        solved = TicketChange(status=TicketStatus.SOLVED)
        await helpdesk.update([known], solved, once=ONCE)
        before = helpdesk.budget()
        for one in ids:
            await helpdesk.update([one], solved, once=ONCE)
        made = [
            len(after.made) - len(limit.made)
            for limit, after in zip(before.limits, helpdesk.budget().limits, strict=True)
        ]
        costs = [len(ids) * cost for cost in before.alone]
        assert all(calls <= 1.1 * cost for calls, cost in zip(made, costs, strict=True)), made
