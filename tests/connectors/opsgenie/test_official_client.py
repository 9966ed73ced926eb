"""opsgenie-sdk, Opsgenie's own Python client, at the fake: the calls that a tool like ours makes."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.opsgenie.fake.app import API_KEY, RESPONDER, FakeOpsgenie
from tests.connectors.opsgenie.conftest import JANE, OMAR
from tests.connectors.served import served

# Elsewhere the dev dependencies may be older than this test; in CI a missing one is a failure.
if os.environ.get("CI"):
    sdk = importlib.import_module("opsgenie_sdk")
else:
    sdk = pytest.importorskip("opsgenie_sdk", reason="opsgenie-sdk is among the dev dependencies")

ALIAS = {"identifier": "inc-42_2Fpage_2F1", "identifier_type": "alias"}


def _api(address: str, key: str = API_KEY) -> Any:
    settings = sdk.configuration.Configuration()
    settings.host, settings.retry_enabled = address, False
    # A dictionary of its own: those that are there are shared with every other Configuration.
    settings.api_key = {"Authorization": key}
    return sdk.AlertApi(sdk.ApiClient(configuration=settings))


@pytest.fixture
def opsgenie() -> FakeOpsgenie:
    return FakeOpsgenie(on_call={RESPONDER: [JANE]})


@pytest.fixture
def address(opsgenie: FakeOpsgenie) -> Iterator[str]:
    with served(opsgenie.app) as found:
        yield found


@pytest.fixture
def api(address: str) -> Iterator[Any]:
    made = _api(address)
    yield made
    made.api_client.rest_client.pool_manager.clear()


def _page(api: Any, **more: Any) -> Any:
    payload = sdk.CreateAlertPayload(
        message="Checkout fails",
        alias=ALIAS["identifier"],
        responders=[{"type": "team", "name": "Support"}],
        priority="P1",
        details={"Customers": "12"},
        **more,
    )
    return api.create_alert(create_alert_payload=payload)


def test_a_page_from_its_creation_to_its_end(opsgenie: FakeOpsgenie, api: Any) -> None:
    """Accepted, done, found by alias and search, taken, noted and closed."""
    fate = _page(api).retrieve_result()
    assert (fate.data.is_success, fate.data.alias) == (True, ALIAS["identifier"])
    assert [ring.person for ring in opsgenie.rings] == [JANE]
    (listed,) = api.list_alerts(query=f'alias: "{ALIAS["identifier"]}"').data
    assert (listed.id, listed.status, listed.acknowledged) == (fate.data.alert_id, "open", False)
    api.acknowledge_alert(**ALIAS, acknowledge_alert_payload=sdk.AcknowledgeAlertPayload(user=OMAR))
    found = api.get_alert(**ALIAS).data
    assert (found.acknowledged, found.owner, found.report.acknowledged_by) == (True, OMAR, OMAR)
    api.add_note(**ALIAS, add_note_to_alert_payload=sdk.AddNoteToAlertPayload(note="a lock", user=OMAR))
    assert [(one.note, one.owner) for one in api.list_notes(**ALIAS).data] == [("a lock", OMAR)]
    api.close_alert(**ALIAS, close_alert_payload=sdk.CloseAlertPayload(user=OMAR))
    assert api.get_alert(identifier=found.id).data.status == "closed"


def test_the_same_alias_counts(opsgenie: FakeOpsgenie, api: Any) -> None:
    """While the alert is open."""
    _page(api)
    _page(api)
    assert (api.get_alert(**ALIAS).data.count, len(opsgenie.rings)) == (2, 1)


def test_an_acknowledgement_of_nothing(api: Any) -> None:
    """It is accepted; only its request says that it was not done."""
    accepted = api.acknowledge_alert(**ALIAS)
    assert api.get_request_status(request_id=accepted.request_id).data.is_success is False


def test_refusals(opsgenie: FakeOpsgenie, api: Any, address: str) -> None:
    """A stranger, what is not there, and what is too long."""
    stranger = _api(address, "wrong")
    for status, error, call in (
        (401, sdk.exceptions.AuthenticationException, stranger.list_alerts),
        (404, sdk.exceptions.ApiException, lambda: api.get_alert(**ALIAS)),
        (422, sdk.exceptions.ConfigurationException, lambda: _page(api, tags=["x" * 51])),
    ):
        with pytest.raises(error) as caught:
            call()
        assert caught.value.status == status
    stranger.api_client.rest_client.pool_manager.clear()
    assert not opsgenie.alerts
