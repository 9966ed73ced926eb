"""Problems that engineers have, at Debian's Icinga 2: the contract, and that only ours is taken back."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from connectors.icinga2 import Icinga2
from tests.contracts.alert_acknowledger import AlertAcknowledgerContract, Problems
from tests.real.icinga import RealIcinga
from tests.real.test_icinga2 import connector, faults, running_icinga, server

__all__ = ["connector", "faults", "running_icinga", "server"]
pytestmark = pytest.mark.real


class RealProblems:
    key, act_path = "web!http", "/v1/actions"

    def __init__(self, server: RealIcinga) -> None:
        self._server = server

    def fire(self) -> None:
        self._server.result(self.key, 2, "refused")

    def end(self) -> None:
        self._server.result(self.key, 0)

    def taken_by_somebody(self) -> None:
        self._server.act("acknowledge-problem", **self._server.on(self.key), author="ada", comment="mine")

    @property
    def is_taken(self) -> bool:
        return bool(self.words)

    @property
    def words(self) -> Sequence[str]:
        return [one["attrs"]["text"] for one in self._server.objects("comments")]


class TestIcinga2OnIcingaAcknowledges(AlertAcknowledgerContract):
    """All of the contract."""

    @pytest.fixture
    def monitor(self, connector: Icinga2) -> Icinga2:
        return connector

    @pytest.fixture
    def problems(self, server: RealIcinga) -> Problems:
        return RealProblems(server)
