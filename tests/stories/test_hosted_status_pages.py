"""A status page that a vendor hosts reads the same story as a folder of one's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from pydantic import SecretStr

from blocks.instatus import InstatusBlock
from blocks.statuspage import StatuspageBlock
from connectors.instatus.fake import app as instatus
from connectors.instatus.fake import records as instatus_records
from connectors.kit.fakes.loopback import serving
from connectors.statuspage.fake import app as statuspage
from connectors.statuspage.fake import records as statuspage_records
from incidents.effects import EffectKind, EffectState
from incidents.models import IncidentState
from tests.stories.installation import Installation

ROOM = "inc-1-checkout"
PAGE_KINDS = (EffectKind.STATUS_PAGE_OPEN, EffectKind.STATUS_PAGE_UPDATE)
STATES = ["investigating", "identified", "monitoring", "resolved"]


@dataclass
class _Hosted:
    fake: statuspage.FakeStatuspage | instatus.FakeInstatus

    def said(self) -> list[list[str]]:
        """How each public incident stood with each word about it."""
        if isinstance(self.fake, statuspage.FakeStatuspage):
            return [[one.status for one in incident.said] for incident in self.fake.incidents.values()]
        return [[one.status.lower() for one in incident.updates] for incident in self.fake.incidents.values()]


@pytest.fixture(params=["statuspage", "instatus"])
async def hosted(request: pytest.FixtureRequest, liaison: Installation) -> AsyncIterator[_Hosted]:
    """The policy names the vendor's page for the team."""
    liaison.write_policy({"teams": {"payments": {"status_page": f"{request.param}/story"}}})
    if request.param == "statuspage":
        fake = statuspage.FakeStatuspage(calls_a_minute=10_000)
        fake.add_component("Checkout")
        async with serving(fake.app) as address:
            await StatuspageBlock(
                base_url=f"{address}/v1",
                page_id=statuspage_records.PAGE,
                api_key=SecretStr(statuspage.API_KEY),
                requests_per_minute=10_000,
            ).save("story", overwrite=True)
            yield _Hosted(fake)
    else:
        other = instatus.FakeInstatus()
        other.add_component("Checkout")
        async with serving(other.app) as address:
            await InstatusBlock(
                base_url=address,
                page_id=instatus_records.PAGE,
                api_key=SecretStr(instatus.API_KEY),
                requests_per_minute=10_000,
            ).save("story", overwrite=True)
            yield _Hosted(other)


async def test_from_outage_to_end(liaison: Installation, hosted: _Hosted):
    """Nothing before a person allows it; then each word once, to the end. No time passes: a story's store is set back,
    and Instatus knows its incidents by their times."""
    await liaison.escalated()
    assert hosted.said() == []
    await liaison.world.slack.slash("approve INC-1 many are hit", channel=ROOM)
    await liaison.sync()
    assert hosted.said() == [STATES[:1]]
    liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")
    await liaison.sync()
    await liaison.resolved()
    assert (await liaison.incident()).state is IncidentState.CLOSED
    ledger = await liaison.ledger(*PAGE_KINDS)
    assert [(line.state, line.detail) for line in ledger if line.state is not EffectState.DONE] == []
    assert hosted.said() == [STATES]
