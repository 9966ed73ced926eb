"""What every `ActionRunner` must keep: a remedy runs once and is followed; no outcome is invented.

Subclass it in `tests/connectors/<vendor>/`:

    class TestHttpActions(ActionRunnerContract):
        @pytest.fixture
        def runner(self, ...) -> Http: ...
        @pytest.fixture
        def works(self, ...) -> Works: ...        # the system that runs the remedies
        @pytest.fixture
        def faults(self, ...) -> Faults: ...      # what goes wrong on the wire to it
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Protocol

import pytest
import stamina

from connectors.kit.fakes.faults import FaultKind, Faults
from incidents.actions import ActionRun, ActionState
from incidents.errors import Busy, NotAllowed, Refused, Unknown, Unreachable
from incidents.ports import ActionRunner

ARGUMENTS = {"region": "eu-1"}
MAX_LOOKS = 20


class Works(Protocol):
    """The system behind the runner."""

    @property
    def good(self) -> str:
        """The name of an action that succeeds."""
        ...

    @property
    def bad(self) -> str:
        """The name of an action that fails."""
        ...

    @property
    def missing(self) -> str:
        """A name that no action has."""
        ...

    @property
    def started(self) -> int:
        """How many runs were really started."""
        ...


class ActionRunnerContract:
    keys_are_honoured: ClassVar[bool]
    """Whether the system runs a repeated `once` only one time, so that lost replies may be repeated."""
    arguments: ClassVar[Mapping[str, str]] = ARGUMENTS
    """What the actions are given."""

    @pytest.fixture(autouse=True)
    def _no_waits(self) -> Iterator[None]:
        with stamina.set_testing(True, attempts=3, cap=True):
            yield

    async def test_is_an_action_runner(self, runner: Any) -> None:
        """The class line promises the capability, and the object keeps it."""
        assert isinstance(runner, ActionRunner)

    async def test_runs_to_success(self, runner: ActionRunner, works: Works) -> None:
        """A good action is started once and ends as succeeded."""
        run = await runner.run(works.good, self.arguments, once="INC-1:action:1")
        assert (await self._end(runner, run)).state is ActionState.SUCCEEDED
        assert works.started == 1

    async def test_runs_to_failure(self, runner: ActionRunner, works: Works) -> None:
        """A failed remedy is a result, with what the system said about it."""
        run = await self._end(runner, await runner.run(works.bad, self.arguments, once="INC-1:action:1"))
        assert run.state is ActionState.FAILED
        assert run.detail

    async def test_end_is_stable(self, runner: ActionRunner, works: Works) -> None:
        """A run that has ended still says so when looked at again, and looking starts nothing."""
        run = await self._end(runner, await runner.run(works.good, self.arguments, once="INC-1:action:1"))
        assert await self._end(runner, run) == run
        assert works.started == 1

    async def test_same_key_runs_once(self, runner: ActionRunner, works: Works) -> None:
        """The same key twice is one run, where the system honours keys."""
        if not self.keys_are_honoured:
            return
        first = await runner.run(works.good, self.arguments, once="INC-1:action:1")
        second = await runner.run(works.good, self.arguments, once="INC-1:action:1")
        assert first.id == second.id
        assert works.started == 1

    async def test_two_keys_are_two_runs(self, runner: ActionRunner, works: Works) -> None:
        """A second attempt on purpose has a key of its own and is a run of its own."""
        first = await runner.run(works.good, self.arguments, once="INC-1:action:1")
        second = await runner.run(works.good, self.arguments, once="INC-1:action:2")
        assert first.id != second.id
        assert works.started == 2

    @pytest.mark.parametrize("kind", [FaultKind.DROP_REPLY, FaultKind.ERROR_AFTER_WORK])
    async def test_lost_reply(
        self, runner: ActionRunner, works: Works, faults: Faults, kind: FaultKind
    ) -> None:
        """Done, and nobody said so: repeated where keys are honoured, else `Unknown`; never twice."""
        faults.arm(kind)
        if self.keys_are_honoured:
            await runner.run(works.good, self.arguments, once="INC-1:action:1")
        else:
            with pytest.raises(Unknown):
                await runner.run(works.good, self.arguments, once="INC-1:action:1")
        assert works.started == 1

    async def test_login_page_for_an_answer(self, runner: ActionRunner, works: Works, faults: Faults) -> None:
        """HTTP 200 with HTML is no success."""
        faults.arm(FaultKind.HTML, times=None)
        with pytest.raises((Unknown, Unreachable)):
            await runner.run(works.good, self.arguments, once="INC-1:action:1")

    async def test_revoked_credentials(self, runner: ActionRunner, works: Works, faults: Faults) -> None:
        """401 says that a person must act, and is not repeated."""
        faults.arm(FaultKind.UNAUTHORIZED, times=None)
        with pytest.raises(NotAllowed):
            await runner.run(works.good, self.arguments, once="INC-1:action:1")
        assert works.started == 0

    async def test_rate_limit(self, runner: ActionRunner, works: Works, faults: Faults) -> None:
        """429 is `Busy` and says for how long."""
        faults.arm(FaultKind.RATE_LIMIT, times=None)
        with pytest.raises(Busy) as caught:
            await runner.run(works.good, self.arguments, once="INC-1:action:1")
        assert caught.value.retry_after >= 1

    async def test_outage(self, runner: ActionRunner, works: Works, faults: Faults) -> None:
        """During an outage nothing is claimed; afterwards the same key starts its one run."""
        faults.arm(FaultKind.OUTAGE, times=None)
        with pytest.raises((Unknown, Unreachable, Busy)):
            await runner.run(works.good, self.arguments, once="INC-1:action:1")
        faults.clear()
        await runner.run(works.good, self.arguments, once="INC-1:action:1")
        assert works.started == 1

    async def test_looking_is_never_unknown(self, runner: ActionRunner, works: Works, faults: Faults) -> None:
        """A look at a run changes nothing, so whatever happens to it, it may be repeated."""
        run = await runner.run(works.good, self.arguments, once="INC-1:action:1")
        faults.arm(FaultKind.DROP_REPLY)
        assert (await runner.follow(run.id)).id == run.id
        for kind in (FaultKind.OUTAGE, FaultKind.HTML, FaultKind.CRASH):
            faults.arm(kind, times=None)
            with pytest.raises((Unreachable, Busy)):
                await runner.follow(run.id)
            faults.clear()

    async def test_missing_action(self, runner: ActionRunner, works: Works) -> None:
        """An action that does not exist is refused for good."""
        with pytest.raises(Refused):
            await runner.run(works.missing, self.arguments, once="INC-1:action:1")
        assert works.started == 0

    async def _end(self, runner: ActionRunner, run: ActionRun) -> ActionRun:
        """Follow the run to its end."""
        for _ in range(MAX_LOOKS):
            if run.state is not ActionState.RUNNING:
                return run
            run = await runner.follow(run.id)
        raise AssertionError(f"still running after {MAX_LOOKS} looks")
