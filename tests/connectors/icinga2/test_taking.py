"""Problems at Icinga that engineers have: the contract."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from connectors.icinga2 import Icinga2
from connectors.icinga2.fake.app import FakeIcinga2
from connectors.kit.fakes.faults import Faults
from tests.contracts.alert_acknowledger import TEXT, AlertAcknowledgerContract, Problems


class FakeProblems:
    key, act_path = "web!http", "/v1/actions"

    def __init__(self, server: FakeIcinga2) -> None:
        self._server = server

    def fire(self) -> None:
        self._server.result(self.key, 2, "refused")

    def end(self) -> None:
        self._server.result(self.key, 0)

    def taken_by_somebody(self) -> None:
        self._server.acknowledge(self.key)

    @property
    def is_taken(self) -> bool:
        return self._server.objects[self.key].acknowledgement != 0

    @property
    def words(self) -> Sequence[str]:
        return [one.text for one in self._server.comments if one.object == self.key]


class TestIcinga2Acknowledges(AlertAcknowledgerContract):
    """All of the contract."""

    @pytest.fixture
    def monitor(self, icinga: Icinga2) -> Icinga2:
        return icinga

    @pytest.fixture
    def problems(self, server: FakeIcinga2) -> Problems:
        return FakeProblems(server)

    @pytest.fixture
    def faults(self, server: FakeIcinga2) -> Faults:
        return server.faults


async def test_it_stays_when_the_service_only_gets_better(server: FakeIcinga2, icinga: Icinga2) -> None:
    """Sticky: and gone when it is well."""
    server.result("web!http", 2)
    await icinga.acknowledge_alert("web!http", TEXT, once="a")
    server.result("web!http", 1)
    assert server.objects["web!http"].acknowledgement
    server.result("web!http", 0)
    assert not server.objects["web!http"].acknowledgement
