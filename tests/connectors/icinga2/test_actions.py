"""Acknowledgements and downtimes at Icinga: the contract, and what is done once and read back."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.icinga2 import Icinga2
from connectors.icinga2.fake.app import FakeIcinga2
from connectors.kit.fakes.faults import FaultKind, Faults
from incidents.actions import ActionState
from incidents.errors import NotAllowed, Refused, Unknown
from tests.connectors.icinga2.conftest import Clock, connect
from tests.contracts.action_runner import ActionRunnerContract, Works

ARGUMENTS = {"service": "checkout", "incident": "INC-1", "approved_by": "Ada"}
ONCE = "INC-1:action:1"


class FakeWorks:
    good, bad, missing = "quiet-it", "quiet-nothing", "no-such-action"

    def __init__(self, server: FakeIcinga2) -> None:
        self._server = server

    @property
    def started(self) -> int:
        return len(self._server.downtimes) // 2  # of the host and of the service on it


class TestIcinga2Actions(ActionRunnerContract):
    keys_are_honoured = True
    arguments = ARGUMENTS

    @pytest.fixture
    def runner(self, icinga: Icinga2) -> Icinga2:
        return icinga

    @pytest.fixture
    def works(self, server: FakeIcinga2) -> Works:
        return FakeWorks(server)

    @pytest.fixture
    def faults(self, server: FakeIcinga2) -> Faults:
        return server.faults

    async def test_runs_to_failure(self, server: FakeIcinga2, clock: Clock) -> None:  # type: ignore[override]
        """An object that is not there: Icinga itself would answer 500 and an empty list."""
        icinga = connect(server, clock, services={"checkout": ["web!gone"]})
        run = await icinga.run("quiet-it", ARGUMENTS, once=ONCE)
        assert (run.state, "no object web!gone" in run.detail) == (ActionState.FAILED, True)
        await icinga.aclose()


async def test_an_acknowledgement(server: FakeIcinga2, icinga: Icinga2):
    """Once, sticky, with who approved it and the incident; what is well is left alone."""
    server.result("web!http", 2, "refused")
    first = await icinga.run("acknowledge-it", ARGUMENTS, once=ONCE)
    again = await icinga.run("acknowledge-it", ARGUMENTS, once=ONCE)
    assert first == again
    assert (first.state, first.detail) == (ActionState.SUCCEEDED, "web!http: in force")
    (comment,) = server.comments
    assert (comment.object, comment.author) == ("web!http", "Ada")
    assert comment.text.startswith("INC-1: acknowledge-it [liaison:")
    server.result("web!http", 1)
    assert server.objects["web!http"].acknowledgement == 2


@pytest.mark.parametrize("state", ["acknowledged", "well", "pending"])
async def test_nothing_left_to_acknowledge(server: FakeIcinga2, clock: Clock, state: str):
    """Somebody has, or it is well: that is success, and Icinga's 409 is not asked for. One that was never checked it
    would acknowledge (and forget with the first result): it is left alone."""
    icinga = connect(server, clock, services={"checkout": ["web!db" if state == "pending" else "web!http"]})
    if state == "acknowledged":
        server.result("web!http", 2)
        server.acknowledge("web!http")
    before = len(server.comments)
    run = await icinga.run("acknowledge-it", ARGUMENTS, once=ONCE)
    assert run.state is ActionState.SUCCEEDED
    assert len(server.comments) == before
    await icinga.aclose()


async def test_somebody_was_quicker(server: FakeIcinga2, icinga: Icinga2, monkeypatch: pytest.MonkeyPatch):
    """Between our look and our call: 409, and what was wanted."""
    server.result("web!http", 2)
    act = icinga._api.act

    async def after_ada(*call: Any) -> None:
        server.acknowledge("web!http")
        await act(*call)

    monkeypatch.setattr(icinga._api, "act", after_ada)
    run = await icinga.run("acknowledge-it", ARGUMENTS, once=ONCE)
    assert (run.state, run.detail) == (ActionState.SUCCEEDED, "nothing is left to acknowledge")


async def test_a_downtime(server: FakeIcinga2, clock: Clock, icinga: Icinga2):
    """Of host and service, for its time, and then it is over."""
    run = await icinga.run("quiet-it", ARGUMENTS, once=ONCE)
    assert run.detail == "web, web!http: in force until 2026-03-02 10:30 UTC"
    assert [(one.object, one.end - one.start) for one in server.downtimes] == [
        ("web", 3600),
        ("web!http", 3600),
    ]
    clock.seconds += 3600
    assert (await icinga.follow(run.id)).state is ActionState.FAILED


@pytest.mark.parametrize("kind", [FaultKind.DROP_REPLY, FaultKind.ERROR_AFTER_WORK])
async def test_a_lost_answer_is_looked_up(server: FakeIcinga2, clock: Clock, kind: FaultKind):
    """A repeat would make a second downtime."""
    icinga = connect(server, clock, services={"checkout": ["web!http"]})
    server.faults.arm(kind, where="/actions/")
    run = await icinga.run("quiet-it", ARGUMENTS, once=ONCE)
    assert run.state is ActionState.SUCCEEDED
    assert len(server.downtimes) == 1
    await icinga.aclose()


async def test_half_done(server: FakeIcinga2, icinga: Icinga2):
    """The host's downtime is there and the service's is not: told which."""
    server.faults.arm(FaultKind.DELAY, where="/actions/")  # the first passes
    server.faults.arm(FaultKind.CRASH, where="/actions/")
    run = await icinga.run("quiet-it", ARGUMENTS, once=ONCE)
    assert run.state is ActionState.FAILED
    assert run.detail.startswith("not on web!http: ")


async def test_success_that_changed_nothing(server: FakeIcinga2, icinga: Icinga2):
    """Read back: a yes alone is none."""
    server.loses_actions = True
    run = await icinga.run("quiet-it", ARGUMENTS, once=ONCE)
    assert (run.state, run.detail) == (
        ActionState.FAILED,
        "not on web, web!http: Icinga answered, and it is not there",
    )


async def test_cannot_be_read_back(server: FakeIcinga2, clock: Clock):
    icinga = connect(server, clock, services={"checkout": ["web!http"]})
    asked = icinga._api.marks
    calls = 0

    async def once_only(*call: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > 1:
            server.faults.arm(FaultKind.OUTAGE, where="/objects/downtimes", times=None)
        return await asked(*call)

    icinga._api.marks = once_only  # type: ignore[method-assign]
    with pytest.raises(Unknown, match="read back"):
        await icinga.run("quiet-it", ARGUMENTS, once=ONCE)
    await icinga.aclose()


@pytest.mark.parametrize(
    ("action", "arguments", "error", "says"),
    [
        ("quiet-it", {"service": "checkout"}, NotAllowed, "nobody approved"),
        ("quiet-it", {"service": "search", "approved_by": "Ada"}, Refused, "no objects are named"),
        ("quiet-it", {"approved_by": "Ada"}, Refused, "no objects are named"),
        ("quiet-them", ARGUMENTS, Refused, "did you mean 'quiet-it'"),
    ],
)
async def test_refused(
    *,
    server: FakeIcinga2,
    icinga: Icinga2,
    action: str,
    arguments: dict[str, str],
    error: type[Exception],
    says: str,
):
    with pytest.raises(error, match=says):
        await icinga.run(action, arguments, once=ONCE)
    assert server.downtimes == []


@pytest.mark.parametrize("run_id", ["", "downtime:*", "downtime:x] || true", "reboot:liaison:1"])
async def test_no_run_of_ours(icinga: Icinga2, run_id: str):
    with pytest.raises(Refused, match="no action of ours"):
        await icinga.follow(run_id)
