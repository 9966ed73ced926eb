"""Every call of our connector, and every answer of the fake, judged by Opsgenie's own description (Swagger 2.0)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from jsonschema import ValidationError

from connectors.kit.fakes.in_process import InProcessTransport
from connectors.opsgenie.fake.app import FakeOpsgenie
from tests.connectors.description import Judge
from tests.connectors.opsgenie import test_connector
from tests.connectors.opsgenie.conftest import connect
from tests.contracts.pager import KEY, PAGE, PagerRig
from tests.shared_folder import shared_path

pytestmark = pytest.mark.shared

DESCRIPTION = "specs/opsgenie/swagger.json"


def reworded(description: dict[str, Any]) -> dict[str, Any]:
    """Swagger 2.0 as OpenAPI 3 says it, as far as the judge looks: parameters, bodies and answers."""
    for operations in description["paths"].values():
        for method, operation in operations.items():
            if method != "parameters":
                _reword(operation, description)
    return description


def _reword(operation: dict[str, Any], description: dict[str, Any]) -> None:
    kept = []
    for one in operation.get("parameters", []):
        plain = _looked_up(one, description)
        if plain["in"] == "body":
            operation["requestBody"] = {"content": {"application/json": {"schema": plain["schema"]}}}
            continue
        names = ("type", "enum", "minimum", "maximum", "items")
        schema = {name: plain[name] for name in names if name in plain}
        kept.append(
            {
                "name": plain["name"],
                "in": plain["in"],
                "required": plain.get("required", False),
                "schema": schema,
            }
        )
    operation["parameters"] = kept
    for status, one in operation["responses"].items():
        schema = _looked_up(one, description).get("schema")
        content = {"content": {"application/json": {"schema": schema}}} if schema else {}
        operation["responses"][status] = content


def _looked_up(part: dict[str, Any], description: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in part:
        return part
    found: Any = description
    for step in str(part["$ref"]).removeprefix("#/").split("/"):
        found = found[step]
    return _looked_up(found, description)


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(shared_path(DESCRIPTION).read_text("utf-8"))
    return reworded(read)


class TestPagerAsDescribed(test_connector.TestOpsgenieIsAPager):
    """The contract of pagers; a call that is not described fails it."""

    @pytest.fixture
    async def rig(self, fake: FakeOpsgenie, description: dict[str, Any]) -> AsyncIterator[PagerRig]:
        connected = connect(fake, Judge(InProcessTransport(fake.app), description))
        yield test_connector.rig_of(fake, connected)
        await connected.aclose()


async def test_every_call_and_every_answer_is_as_described(
    fake: FakeOpsgenie, description: dict[str, Any]
) -> None:
    """Also those that fail."""
    judge = Judge(InProcessTransport(fake.app), description, judges_answers=True)
    opsgenie = connect(fake, judge)
    fake.account.unhurried = 2
    assert await opsgenie.check()
    await opsgenie.page(PAGE, once=KEY)
    await opsgenie.add_note(KEY, "12 customers wait", once="note")
    await opsgenie.acknowledge(KEY, once="ack")
    await opsgenie.resolve(KEY, once="resolve")
    await opsgenie.resolve(KEY, once="resolve")
    state = await opsgenie.read(KEY)
    assert state is not None
    assert await opsgenie.read_by_id(state.page_id) == state
    assert await opsgenie.obstacle("payments") == ""
    await opsgenie.aclose()
    assert judge.called == {
        "GET /v2/alerts",
        "POST /v2/alerts",
        "GET /v2/alerts/requests/{requestId}",
        "GET /v2/alerts/{identifier}",
        "GET /v2/alerts/{identifier}/notes",
        "POST /v2/alerts/{identifier}/notes",
        "POST /v2/alerts/{identifier}/acknowledge",
        "POST /v2/alerts/{identifier}/close",
        "GET /v2/schedules/{identifier}/on-calls",
    }


@pytest.mark.parametrize(
    "wrong",
    [{}, {"message": 1}, {"message": "x", "priority": "P9"}, {"message": "x", "responders": [{"type": "x"}]}],
)
def test_what_is_not_described_is_noticed(description: dict[str, Any], wrong: dict[str, object]) -> None:
    """The judge is not blind."""
    judge = Judge(InProcessTransport(FakeOpsgenie().app), description)
    with pytest.raises(ValidationError):
        judge.judge(httpx.Request("POST", "http://x/v2/alerts", json=wrong))
