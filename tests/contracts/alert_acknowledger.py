"""What every `AlertAcknowledger` must keep: acknowledged once, whoever did it, and only what is ours is taken back.

Subclass it in `tests/connectors/<vendor>/`:

    class TestIcinga2Acknowledges(AlertAcknowledgerContract):
        @pytest.fixture
        def monitor(self, ...) -> Icinga2: ...
        @pytest.fixture
        def problems(self, ...) -> Problems: ...   # behind the connector's back
        @pytest.fixture
        def faults(self, ...) -> Faults: ...       # what goes wrong on the wire to it
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import pytest
import stamina

from connectors.kit.fakes.faults import FaultKind, Faults
from incidents.alerts.acknowledging import AlertAcknowledger
from incidents.errors import LiaisonError, NotAllowed
from incidents.texts.messages import internal

TEXT = internal("INC-7: Jane Doe is on it")


class Problems(Protocol):
    """One alert of the monitor. `act_path` is where it is acknowledged: there the faults are armed."""

    key: str
    act_path: str

    def fire(self) -> None: ...

    def end(self) -> None: ...

    def taken_by_somebody(self) -> None: ...

    @property
    def is_taken(self) -> bool: ...

    @property
    def words(self) -> Sequence[str]:
        """What is said of who has it."""
        ...


class AlertAcknowledgerContract:
    @pytest.fixture(autouse=True)
    def _no_waits(self) -> Iterator[None]:
        with stamina.set_testing(True, attempts=2, cap=True):
            yield

    async def test_taken_and_given_back(self, monitor: AlertAcknowledger, problems: Problems) -> None:
        """Each twice is as once, with who has it; and what is taken again is taken again."""
        problems.fire()
        for number in range(2):
            for _ in range(2):
                await monitor.acknowledge_alert(problems.key, TEXT, once=f"a{number}")
            (words,) = problems.words
            assert "INC-7: Jane Doe is on it" in words
            for _ in range(2):
                await monitor.unacknowledge_alert(problems.key, once=f"u{number}")
            assert not problems.is_taken

    async def test_somebody_elses(self, monitor: AlertAcknowledger, problems: Problems) -> None:
        """Their words stay, and so does what they acknowledged."""
        problems.fire()
        problems.taken_by_somebody()
        before = problems.words
        await monitor.acknowledge_alert(problems.key, TEXT, once="a")
        await monitor.unacknowledge_alert(problems.key, once="u")
        assert (problems.is_taken, problems.words) == (True, before)

    async def test_nothing_to_take(self, monitor: AlertAcknowledger, problems: Problems) -> None:
        """It is well again, or the monitor does not know it any more."""
        problems.end()
        for key in (problems.key, "no-such-host!no-such-service"):
            await monitor.acknowledge_alert(key, TEXT, once="a")
            await monitor.unacknowledge_alert(key, once="u")
        assert not problems.is_taken

    @pytest.mark.parametrize("fault", [FaultKind.DROP_REPLY, FaultKind.ERROR_AFTER_WORK])
    async def test_a_lost_answer(
        self, monitor: AlertAcknowledger, problems: Problems, faults: Faults, fault: FaultKind
    ) -> None:
        """Said again, it is as once."""
        problems.fire()
        for step in (
            lambda: monitor.acknowledge_alert(problems.key, TEXT, once="a"),
            lambda: monitor.unacknowledge_alert(problems.key, once="u"),
        ):
            faults.arm(fault, where=problems.act_path)
            with pytest.raises(LiaisonError):
                await step()
            faults.clear()
            await step()
            assert len(problems.words) == problems.is_taken
        assert not problems.is_taken

    async def test_may_not(self, monitor: AlertAcknowledger, problems: Problems, faults: Faults) -> None:
        """Said so, and nothing is changed."""
        problems.fire()
        faults.arm(FaultKind.UNAUTHORIZED, where=problems.act_path, times=None)
        with pytest.raises(NotAllowed):
            await monitor.acknowledge_alert(problems.key, TEXT, once="a")
        faults.clear()
        assert not problems.is_taken
