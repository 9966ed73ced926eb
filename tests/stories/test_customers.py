"""A customer's tier comes from the house's own directory where the helpdesk says none; nothing waits for it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from blocks.customersql import CustomerSqlBlock
from connectors.customersql.settings import CustomerFile
from incidents.models import Ticket
from tasks import resources
from tasks.stages.customers import REST, TierMemory, with_tiers
from tests.stories.installation import Installation

LISTED = "email,tier\ncustomer1@mail.example,gold\ncustomer2@mail.example,gold\n"


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    path = tmp_path / "customers.csv"
    path.write_text(LISTED)
    return path


@pytest.fixture
async def directory(liaison: Installation, listed: Path) -> AsyncIterator[Path]:
    """The policy names it, and its block is saved."""
    await CustomerSqlBlock(csv=CustomerFile(path=listed)).save("crm", overwrite=True)
    liaison.write_policy({"customers": {"directory": "customersql/crm"}})
    yield listed
    await CustomerSqlBlock.adelete("crm")


def listing(path: Path, content: str | None) -> None:
    path.unlink(missing_ok=True)
    if content is not None:
        path.write_text(content)


async def tiers(liaison: Installation) -> dict[str, str | None]:
    return {item.ticket.requester.email: item.ticket.tier for item in (await liaison.case()).tickets}


async def test_the_directory_says_who_is_hit(liaison: Installation, directory: Path):
    """Two of three customers are listed; the notes weigh them by it."""
    liaison.customers_write(3)
    await liaison.intake()
    assert await tiers(liaison) == {
        "customer1@mail.example": "gold",
        "customer2@mail.example": "gold",
        "customer3@mail.example": None,
    }


async def test_a_directory_that_fails_stops_nothing_and_takes_no_tier_away(
    liaison: Installation, directory: Path, caplog: pytest.LogCaptureFixture
):
    """Ticket 1 was known before; ticket 2 comes while the file is away, and is taken in without a tier."""
    first, *_ = liaison.customers_write(1)
    await liaison.intake()
    listing(directory, None)
    resources.kept(TierMemory).told.clear()
    liaison.customers_write(1)
    liaison.world.zendesk.customer_reply(first, "It still fails.")
    with caplog.at_level(logging.WARNING):
        await liaison.intake()
    assert await tiers(liaison) == {"customer1@mail.example": "gold", "customer2@mail.example": None}
    assert "customersql/crm did not say the tier of 2 of 2 customers" in caplog.text
    assert "customers.csv cannot be read" in caplog.text


async def test_a_policy_without_a_directory_asks_nobody(liaison: Installation):
    liaison.customers_write(1)
    await liaison.intake()
    assert await tiers(liaison) == {"customer1@mail.example": None}


async def test_what_was_told_is_remembered_and_a_failure_gives_the_directory_a_rest(
    liaison: Installation, directory: Path
):
    liaison.customers_write(1)
    await liaison.intake()
    (item,) = (await liaison.case()).tickets
    known = replace(item.ticket, tier=None)
    stranger = replace(known, requester=replace(known.requester, id="77", email="customer2@mail.example"))
    now = [resources.uptime()]
    with resources.simulated_uptime(lambda: now[0]):
        assert await asked(known) == "gold"
        listing(directory, "email,tier\n")
        assert await asked(known) == "gold", "it holds for fifteen minutes"
        now[0] += timedelta(minutes=16).total_seconds()
        assert await asked(known) is None, "the directory knows nobody any more"
        listing(directory, None)
        assert await asked(stranger) == "gold", "the store knows the ticket"
        listing(directory, LISTED)
        now[0] += REST - 1
        assert resources.kept(TierMemory).rests_until > now[0]
        assert await asked(replace(stranger, ref=replace(stranger.ref, id="9999"))) is None
        now[0] += 2
        assert await asked(replace(stranger, ref=replace(stranger.ref, id="9999"))) == "gold"


async def test_what_the_helpdesk_says_counts(liaison: Installation, directory: Path):
    liaison.customers_write(1)
    await liaison.intake()
    (item,) = (await liaison.case()).tickets
    assert await asked(replace(item.ticket, tier="standard")) == "standard"


async def asked(ticket: Ticket) -> str | None:
    (found,) = await with_tiers([ticket])
    return found.tier
