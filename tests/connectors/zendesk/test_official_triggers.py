"""zenpy at the fake Zendesk: a trigger that notifies a webhook is kept, listed and switched off."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from zenpy.lib.api_objects import Trigger

from connectors.kit.fakes.certificates import LoopbackCertificate
from tests.connectors.zendesk.official_account import Desk, opened_desk


@pytest.fixture
def desk(certificate: LoopbackCertificate) -> Iterator[Desk]:
    with opened_desk(certificate) as desk:
        yield desk


def test_a_trigger(desk: Desk) -> None:
    notify = {"field": "notification_webhook", "value": ["01X", "{}"]}
    made = desk.client.triggers.create(
        Trigger(title="Tell", conditions={"all": [], "any": []}, actions=[notify])
    )
    listed = [(one.title, one.active) for one in desk.client.triggers()]
    made.active = False
    desk.client.triggers.update(made)
    assert listed == [("Tell", True)]
    assert [one.active for one in desk.client.triggers()] == [False]
