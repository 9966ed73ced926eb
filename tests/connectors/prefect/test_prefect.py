"""Prefect deployments as remedies, on the wire fake: the contract, the reach of keys, states, and what is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
import stamina
from pydantic import ValidationError

from connectors.kit.fakes.faults import FaultKind, Faults
from connectors.kit.fakes.in_process import InProcessTransport
from connectors.prefect import PrefectActions, PrefectSettings
from connectors.prefect.fake.app import FakeDeployment, FakePrefect
from incidents.actions import ActionState
from incidents.errors import NotAllowed, NotFound, Refused, Unknown, Unreachable
from tests.contracts.action_runner import ARGUMENTS, ActionRunnerContract

AUTH = "liaison:pa:55word"
ONCE = "liaison:a1b2c3:INC-1:g1:action-1"
ACTIONS = {
    "Restart": {"deployment": "restart/production"},
    "Roll back": {"deployment": "rollback/production"},
    "Gone": {"deployment": "restart/nowhere"},
}


@pytest.fixture
def server() -> FakePrefect:
    return FakePrefect(
        FakeDeployment(flow="restart", name="production"),
        FakeDeployment(flow="restart", name="staging"),
        FakeDeployment(flow="rollback", name="production", ends=("FAILED", "Failed", "no such release")),
        auth_string=AUTH,
    )


@pytest.fixture
async def acting(server: FakePrefect) -> AsyncIterator[Callable[..., PrefectActions]]:
    made: list[PrefectActions] = []

    def make(**more: Any) -> PrefectActions:
        known = {"api_url": "http://127.0.0.1:4200/api", "auth_string": AUTH, "actions": ACTIONS, **more}
        made.append(
            PrefectActions(
                "prefect/platform",
                PrefectSettings.model_validate(known),
                transport=InProcessTransport(server.app),
            )
        )
        return made[-1]

    yield make
    for one in made:
        await one.aclose()


class FakeWorks:
    good, bad, missing = "Restart", "Roll back", "Gone"

    def __init__(self, server: FakePrefect) -> None:
        self._server = server

    @property
    def started(self) -> int:
        return len(self._server.runs)


class TestPrefectActions(ActionRunnerContract):
    keys_are_honoured = True

    @pytest.fixture
    def runner(self, acting: Callable[..., PrefectActions]) -> PrefectActions:
        return acting()

    @pytest.fixture
    def works(self, server: FakePrefect) -> FakeWorks:
        return FakeWorks(server)

    @pytest.fixture
    def faults(self, server: FakePrefect) -> Faults:
        return server.faults


class TestPrefectActionsBehindCsrfProtection(TestPrefectActions):
    @pytest.fixture
    def server(self, server: FakePrefect) -> FakePrefect:
        server.wants_csrf = True
        return server


@pytest.mark.parametrize("kind", [FaultKind.DROP_REPLY, FaultKind.ERROR_AFTER_WORK])
async def test_a_start_whose_answer_was_lost_is_asked_for_again_and_is_one_run(
    acting: Callable[..., PrefectActions], server: FakePrefect, kind: FaultKind
):
    """The contract's own fault hits the look at the deployment, which comes first."""
    server.faults.arm(kind, where="create_flow_run")
    run = await acting().run("Restart", ARGUMENTS, once=ONCE)
    assert [one.id for one in server.runs] == [run.id]


@pytest.mark.parametrize("kind", [FaultKind.DROP_REPLY, FaultKind.ERROR_AFTER_WORK])
async def test_a_start_that_is_never_answered_may_have_been_made(
    acting: Callable[..., PrefectActions], server: FakePrefect, kind: FaultKind
):
    server.faults.arm(kind, where="create_flow_run", times=None)
    with (
        stamina.set_testing(True, attempts=3, cap=True),
        pytest.raises(Unknown, match="may have been started"),
    ):
        await acting().run("Restart", ARGUMENTS, once=ONCE)
    assert len(server.runs) == 1


async def test_one_key_at_two_deployments_of_a_flow_is_two_runs(
    acting: Callable[..., PrefectActions], server: FakePrefect
):
    """Prefect would answer the second one with the first one's run: nothing would happen, and nobody would say so."""
    actions = {**ACTIONS, "Restart staging": {"deployment": "restart/staging"}}
    runner = acting(actions=actions)
    first = await runner.run("Restart", ARGUMENTS, once=ONCE)
    second = await runner.run("Restart staging", ARGUMENTS, once=ONCE)
    assert [run.deployment.name for run in server.runs] == ["production", "staging"]
    assert first.id != second.id
    assert all(ONCE in run.key for run in server.runs)


async def test_a_run_of_another_deployment_is_not_taken_for_ours(
    acting: Callable[..., PrefectActions], server: FakePrefect
):
    """As if the key had been used before: whatever ran, it was not what was asked for."""
    await acting().run("Restart", ARGUMENTS, once=ONCE)
    server.runs[0].deployment = server.deployments["restart/staging"]
    with pytest.raises(Unknown, match="no run of deployment restart/production"):
        await acting().run("Restart", ARGUMENTS, once=ONCE)


@pytest.mark.parametrize(
    ("state", "expected", "words"),
    [
        (("COMPLETED", "Completed", "all well"), ActionState.SUCCEEDED, ""),
        (("FAILED", "Failed", "boom"), ActionState.FAILED, "Failed: boom"),
        (("FAILED", "TimedOut", ""), ActionState.FAILED, "TimedOut: it took longer than its flow allows"),
        (("CRASHED", "Crashed", "exit code 137"), ActionState.FAILED, "is not known: exit code 137"),
        (("CANCELLED", "Cancelled", ""), ActionState.FAILED, "Cancelled: somebody cancelled it"),
        (("CANCELLING", "Cancelling", ""), ActionState.RUNNING, "somebody is cancelling it"),
        (("PAUSED", "Paused", ""), ActionState.RUNNING, "waits for a person"),
        (("PAUSED", "Suspended", ""), ActionState.RUNNING, "waits for a person"),
        (("SCHEDULED", "Late", ""), ActionState.RUNNING, "is its worker running?"),
        (("SCHEDULED", "AwaitingRetry", ""), ActionState.RUNNING, "will be tried again"),
        (("SCHEDULED", "AwaitingConcurrencySlot", ""), ActionState.RUNNING, "concurrency limit"),
        (("PENDING", "Pending", ""), ActionState.RUNNING, "prepares it"),
        (
            ("RUNNING", "A name of the flow's own", "x" * 10_000),
            ActionState.RUNNING,
            "A name of the flow's own: x",
        ),
    ],
)
async def test_states_are_told_as_they_are(
    acting: Callable[..., PrefectActions],
    server: FakePrefect,
    state: tuple[str, str, str],
    expected: ActionState,
    words: str,
):
    runner = acting()
    run = await runner.run("Restart", ARGUMENTS, once=ONCE)
    server.runs[0].deployment = replace(server.runs[0].deployment, ends=state)
    server.runs[0].looks_left = 0
    seen = await runner.follow(run.id)
    assert (seen.state, words in seen.detail) == (expected, True), seen.detail
    assert len(seen.detail) <= 300


async def test_a_state_nobody_knows_proves_nothing(
    acting: Callable[..., PrefectActions], server: FakePrefect
):
    runner = acting()
    run = await runner.run("Restart", ARGUMENTS, once=ONCE)
    server.runs[0].looks_left = 0
    server.runs[0].deployment = replace(server.runs[0].deployment, ends=("MAYBE", "Maybe", ""))
    with pytest.raises(Unreachable, match="a state we do not know"):
        await runner.follow(run.id)


@pytest.mark.parametrize("run_id", ["", "../deployments", "x" * 36, "00000000-0000-0000-0000-00000000000g"])
async def test_what_is_no_runs_id_gets_into_no_path(acting: Callable[..., PrefectActions], run_id: str):
    with pytest.raises(Refused, match="no id"):
        await acting().follow(run_id)


async def test_a_run_that_is_gone(acting: Callable[..., PrefectActions]):
    with pytest.raises(NotFound):
        await acting().follow("00000000-0000-0000-0000-000000000000")


async def test_a_remedy_that_would_come_late_is_not_started(
    acting: Callable[..., PrefectActions], server: FakePrefect
):
    """Nobody polls for its runs; started now, it would run when its worker comes back, hours later."""
    server.deployments["restart/production"].status = "NOT_READY"
    with pytest.raises(Refused, match="start its worker"):
        await acting().run("Restart", ARGUMENTS, once=ONCE)
    assert server.runs == []
    patient = {"Restart": {"deployment": "restart/production", "requires_ready": False}}
    await acting(actions=patient).run("Restart", ARGUMENTS, once=ONCE)
    assert len(server.runs) == 1


async def test_parameters_are_typed_by_the_block_and_arguments_laid_over_them(
    acting: Callable[..., PrefectActions], server: FakePrefect
):
    server.deployments["restart/production"].wants |= {"seconds"}
    fixed = {"Restart": {"deployment": "restart/production", "parameters": {"seconds": 5, "region": "us"}}}
    await acting(actions=fixed).run("Restart", ARGUMENTS, once=ONCE)
    assert server.runs[0].parameters == {"seconds": 5, "region": "eu-1"}


async def test_a_parameter_that_is_missing_and_one_that_is_too_many(
    acting: Callable[..., PrefectActions], server: FakePrefect
):
    """The server refuses the one, and would take the other and let the run fail: so we ask its schema first."""
    runner = acting()
    with pytest.raises(Refused, match="409"):
        await runner.run("Restart", {}, once=ONCE)
    with pytest.raises(Refused, match="has no parameter 'colour'; it has region"):
        await runner.run("Restart", {**ARGUMENTS, "colour": "red"}, once=ONCE)
    assert server.runs == []
    server.deployments["restart/production"].has_schema = False
    run = await runner.run("Restart", {**ARGUMENTS, "colour": "red"}, once=ONCE)
    await runner.follow(run.id)
    end = await runner.follow(run.id)
    assert (end.state, "unexpected" in end.detail) == (ActionState.FAILED, True)


async def test_an_action_the_block_does_not_name(acting: Callable[..., PrefectActions]):
    with pytest.raises(Refused, match="'Gone', 'Restart', 'Roll back'"):
        await acting().run("restart", {}, once=ONCE)


async def test_check_tells_what_is_ready_and_starts_nothing(
    acting: Callable[..., PrefectActions], server: FakePrefect
):
    server.deployments["rollback/production"].status = "NOT_READY"
    both = {name: ACTIONS[name] for name in ("Restart", "Roll back")}
    assert await acting(actions=both).check() == (
        "Prefect 3.8.8; Restart: restart/production is ready; Roll back: rollback/production is NOT ready"
    )
    with pytest.raises(NotFound, match="no deployment restart/nowhere"):
        await acting().check()
    with pytest.raises(NotAllowed):
        await acting(auth_string="liaison:wrong").check()
    assert server.runs == []


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"api_url": "prefect.internal"}, "must be an address"),
        ({"api_url": "http://prefect.internal/api"}, "over https only"),
        ({"api_key": "pnu_x"}, "either api_key"),
        ({"auth_string": "no-colon-here"}, "user:password"),
        ({"actions": {}}, "at least 1 item"),
        ({"actions": {"x": {"deployment": "restart"}}}, "flow/deployment"),
        ({"actions": {"x": {"deployment": "a/b/c"}}}, "flow/deployment"),
        ({"actions": {"x": {"deployment": "../../x"}}}, "flow/deployment"),
    ],
)
def test_settings_that_cannot_work(more: dict[str, Any], words: str):
    given = {"api_url": "http://127.0.0.1:4200/api", "auth_string": AUTH, "actions": ACTIONS, **more}
    with pytest.raises(ValidationError, match=words) as caught:
        PrefectSettings.model_validate(given)
    assert "55word" not in str(caught.value)
