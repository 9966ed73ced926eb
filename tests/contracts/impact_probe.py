"""What every `ImpactProbe` must keep: yes, no, or "this look proves nothing", and never an error.

Subclass it in `tests/connectors/<vendor>/`:

    class TestHttpProbe(ImpactProbeContract):
        @pytest.fixture
        def probe(self, ...) -> Http: ...
        @pytest.fixture
        def scene(self, ...) -> Scene: ...        # the same service, to be put into each state
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar, Protocol

from incidents.models import ProbeResult
from incidents.ports import ImpactProbe

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


class Scene(Protocol):
    """Puts the service behind the probe, or the way to it, into a state."""

    def healthy(self) -> None: ...

    def failing(self) -> None: ...

    def blind(self) -> None:
        """The look itself cannot work: a revoked token, a closed way; nothing to do with customers."""
        ...


class ImpactProbeContract:
    service: ClassVar[str] = "checkout"
    secrets: ClassVar[tuple[str, ...]] = ()
    """What the probe was given and must never say."""

    async def test_is_an_impact_probe(self, probe: Any) -> None:
        """The class line promises the capability, and the object keeps it."""
        assert isinstance(probe, ImpactProbe)

    async def test_healthy(self, probe: ImpactProbe, scene: Scene) -> None:
        """A service that answers well is healthy, and the result says what was seen and when."""
        scene.healthy()
        result = await probe.check(self.service, now=NOW)
        assert result.is_healthy is True
        self._require_readable(result)

    async def test_failing(self, probe: ImpactProbe, scene: Scene) -> None:
        """A failing service is a result, not an error."""
        scene.failing()
        result = await probe.check(self.service, now=NOW)
        assert result.is_healthy is False
        self._require_readable(result)

    async def test_look_that_proves_nothing(self, probe: ImpactProbe, scene: Scene) -> None:
        """Our own blindness is never taken for the service's failure, nor for its health."""
        scene.blind()
        result = await probe.check(self.service, now=NOW)
        assert result.is_healthy is None
        self._require_readable(result)

    async def test_recovery_is_seen(self, probe: ImpactProbe, scene: Scene) -> None:
        """Each look is a new one: nothing of an earlier answer is kept."""
        scene.failing()
        assert (await probe.check(self.service, now=NOW)).is_healthy is False
        scene.healthy()
        assert (await probe.check(self.service, now=NOW)).is_healthy is True

    def _require_readable(self, result: ProbeResult) -> None:
        assert result.at == NOW
        assert result.probe
        assert 0 < len(result.summary) <= 500
        for secret in self.secrets:
            assert secret not in repr(result)
