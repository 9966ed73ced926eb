"""The fake's answers beside ServiceNow's own samples, and those samples read by the connector.

No machine-readable description of the Table API is published: its documentation's samples are all there is.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from connectors.kit.fakes.in_process import InProcessTransport
from connectors.servicenow import ServiceNowHelpdesk
from connectors.servicenow.fake.app import ADDRESS, PASSWORD
from connectors.servicenow.fake.instance import BOT, CASE, COLUMNS, INCIDENT, PROBLEM
from connectors.servicenow.mapping import ticket_columns
from incidents.models import TicketStatus
from tests.connectors.servicenow.conftest import ServiceNowWorld, settings
from tests.shared_folder import shared_path

pytestmark = pytest.mark.shared

SAMPLES = {
    INCIDENT: "specs/servicenow/table-incident-get.response.json",
    CASE: "specs/servicenow/case-api-get-sn-customerservice-case-id.json",
    PROBLEM: "specs/servicenow/table-problem-list.response.json",
}


def sample(table: str) -> dict[str, Any]:
    result = json.loads(shared_path(SAMPLES[table]).read_text("utf-8"))["result"]
    found: dict[str, Any] = result[0] if isinstance(result, list) else result
    return found


@pytest.mark.parametrize("of", SAMPLES)
def test_the_fakes_columns_are_theirs(of: str) -> None:
    """But for what somebody's own column is, and what is younger than the sample."""
    own = {"u_liaison_tags", "u_tier", "hold_reason", "resolution_code", "resolved_at"}
    assert COLUMNS[of] - own <= set(sample(of))


@pytest.mark.parametrize("table", [INCIDENT, CASE], indirect=True)
def test_what_we_ask_for_is_there(world: ServiceNowWorld) -> None:
    """A misspelt column would be left out of every answer, without a word."""
    asked = ticket_columns(settings(world.table, tag_field="")).split(",")
    known = set(sample(world.table)) | {"hold_reason"}  # younger than the sample: Jakarta
    assert {name.partition(".")[0] for name in asked} <= known


@pytest.mark.parametrize("table", [INCIDENT, CASE], indirect=True)
async def test_their_sample_is_read(world: ServiceNowWorld) -> None:
    """As the instance would answer, references as objects with links included."""
    theirs = sample(world.table)

    class Sampled(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, json={"result": [theirs]}, headers={"X-Total-Count": "1"})

    desk = ServiceNowHelpdesk("servicenow/support", settings(world.table), transport=Sampled())
    (found,) = await desk.read([theirs["sys_id"]])
    assert found.subject == theirs["short_description"]
    assert found.version == int(theirs["sys_mod_count"])
    assert found.status is {INCIDENT: TicketStatus.NEW, CASE: TicketStatus.OPEN}[world.table]
    assert found.updated_at == datetime.fromisoformat(theirs["sys_updated_on"]).replace(tzinfo=UTC)
    assert found.requester.id == (theirs["caller_id"]["value"] if world.table == INCIDENT else "")
    assert found.is_reachable is bool(found.requester.id)


@pytest.mark.parametrize("table", [INCIDENT], indirect=True)
async def test_the_fakes_shapes_are_theirs(world: ServiceNowWorld, ticket: str) -> None:
    """Every value a text; a reference an object with its link, or an empty text."""
    address = f"{ADDRESS}/api/now/table/incident/{ticket}"
    async with httpx.AsyncClient(transport=InProcessTransport(world.fake.app), auth=(BOT, PASSWORD)) as http:
        shown = (await http.get(address)).json()["result"]
    theirs = sample(INCIDENT)
    for name in set(shown) & set(theirs):
        if isinstance(shown[name], dict) and isinstance(theirs[name], dict):
            assert set(shown[name]) == set(theirs[name]), name
        elif shown[name] and theirs[name]:
            assert isinstance(shown[name], str), name
            assert isinstance(theirs[name], str), name
    assert shown["caller_id"]["link"].startswith(f"{ADDRESS}/api/now/table/sys_user/")
    assert shown["comments"] == theirs["comments"] == ""
