"""What every `AlertSource` must keep: everything that fires, and only that, or an error; never a part of it.

Subclass it in `tests/connectors/<vendor>/`:

    class TestAlertmanagerAlerts(AlertSourceContract):
        @pytest.fixture
        def source(self, ...) -> Alertmanager: ...
        @pytest.fixture
        def monitor(self, ...) -> Monitor: ...    # the same monitor, as its engineers use it
        @pytest.fixture
        def faults(self, ...) -> Faults: ...      # what goes wrong on the wire to it
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import pytest
import stamina

from connectors.kit.fakes.faults import FaultKind, Faults
from incidents.errors import Busy, LiaisonError, NotAllowed, Unreachable
from incidents.events import AlertEvent
from incidents.ports import AlertSource
from tests.contracts.webhook_source import require_storable_events


class Monitor(Protocol):
    """The monitor behind the source. Names are of whatever kind it tells alerts apart by."""

    def fire(self, name: str) -> None: ...

    def end(self, name: str) -> None: ...

    def silence(self, name: str) -> None:
        """Whatever keeps people from hearing of it while it fires."""
        ...

    def told(self) -> Sequence[AlertEvent]:
        """What its webhooks have said so far of what fires, as the connector reads it."""
        ...


class AlertSourceContract:
    @pytest.fixture(autouse=True)
    def _no_waits(self) -> Iterator[None]:
        with stamina.set_testing(True, attempts=2, cap=True):
            yield

    async def test_is_an_alert_source(self, source: Any) -> None:
        """The class line promises the capability, and the object keeps it."""
        assert isinstance(source, AlertSource)

    async def test_nothing_fires(self, source: AlertSource) -> None:
        """An empty list, not an error."""
        assert list(await source.firing()) == []

    async def test_what_fires_and_what_has_ended(self, source: AlertSource, monitor: Monitor) -> None:
        """Each with what tells it apart; one that has ended is not among them."""
        monitor.fire("one")
        monitor.fire("two")
        monitor.end("one")
        (event,) = await source.firing()
        assert event.ended_at is None
        assert event.key
        assert event.labels
        assert event.summary
        require_storable_events([event])

    async def test_silenced_is_not_ended(self, source: AlertSource, monitor: Monitor) -> None:
        """It fires all the same, and is known as silenced."""
        monitor.fire("one")
        assert [event.is_silenced for event in await source.firing()] == [False]
        monitor.silence("one")
        assert [event.is_silenced for event in await source.firing()] == [True]

    async def test_a_look_and_a_webhook_name_the_same_episode(
        self, source: AlertSource, monitor: Monitor
    ) -> None:
        """By key and start, to the last digit: else each look would find another alert than was told."""
        monitor.fire("one")
        (told,) = monitor.told()
        (seen,) = await source.firing()
        assert (told.key, told.started_at, told.labels) == (seen.key, seen.started_at, seen.labels)

    async def test_it_fires_again(self, source: AlertSource, monitor: Monitor) -> None:
        """The same key, and another start."""
        monitor.fire("one")
        (first,) = await source.firing()
        monitor.end("one")
        monitor.fire("one")
        (second,) = await source.firing()
        assert first.key == second.key
        assert first.started_at < second.started_at

    @pytest.mark.parametrize(
        "kind", [FaultKind.HTML, FaultKind.OUTAGE, FaultKind.CRASH, FaultKind.RATE_LIMIT]
    )
    async def test_blind(
        self, source: AlertSource, monitor: Monitor, faults: Faults, kind: FaultKind
    ) -> None:
        """An answer that is none is an error: an empty list would end what fires."""
        monitor.fire("one")
        faults.arm(kind, times=None)
        with pytest.raises((Unreachable, Busy)):
            await source.firing()

    async def test_revoked_credentials(self, source: AlertSource, faults: Faults) -> None:
        """401 says that a person must act."""
        faults.arm(FaultKind.UNAUTHORIZED, times=None)
        with pytest.raises(NotAllowed):
            await source.firing()

    async def test_missing_api(self, source: AlertSource, faults: Faults) -> None:
        """404, as from another server at that address, is no empty list."""
        faults.arm(FaultKind.MISSING, times=None)
        with pytest.raises(LiaisonError):
            await source.firing()
