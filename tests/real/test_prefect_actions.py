"""Deployments of a real Prefect server as remedies: one that wants a login and CSRF tokens, and serves two flows."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.prefect import PrefectActions, PrefectSettings
from deployments.machine.prefect_server import api_url, server_program, start_server
from deployments.machine.process_table import ProcessTable
from deployments.machine.processes import Child, Program, free_port
from incidents.actions import ActionRun, ActionState
from incidents.errors import NotAllowed, Refused
from tests.servers import Postgres

pytestmark = pytest.mark.real

LOGIN = "liaison:of-this-test"
PATIENCE = 120.0
FLOWS = """
import os
import pathlib

from prefect import flow, serve

HERE = pathlib.Path(__file__).parent


@flow
def restart(region: str, seconds: int = 1) -> None:
    with (HERE / "restarted").open("a") as file:
        file.write(f"{region} {seconds * 2}\\n")


@flow
def rollback() -> None:
    raise ValueError("no such release")


@flow
def crash() -> None:
    os._exit(137)


if __name__ == "__main__":
    serve(
        restart.to_deployment("production"),
        restart.to_deployment("staging"),
        rollback.to_deployment("production"),
        crash.to_deployment("production"),
    )
"""
ACTIONS: dict[str, dict[str, Any]] = {
    "Restart": {"deployment": "restart/production", "parameters": {"seconds": 21}},
    "Restart staging": {"deployment": "restart/staging"},
    "Roll back": {"deployment": "rollback/production"},
    "Crash": {"deployment": "crash/production"},
}


@dataclass
class Platform:
    """The team's server, with its flows served from `home`."""

    url: str
    home: Path

    def runner(self, login: str = LOGIN, **actions: Any) -> PrefectActions:
        known = {"api_url": self.url, "auth_string": login, "actions": actions or ACTIONS}
        return PrefectActions("prefect/real", PrefectSettings.model_validate(known))

    @property
    def restarted(self) -> list[str]:
        path = self.home / "restarted"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture(scope="module")
async def platform(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    home, port = tmp_path_factory.mktemp("platform"), free_port(0)
    program = server_program(
        home=home, port=port, database_url=postgres.url("platform"), login=LOGIN, extra_env={}
    )
    table = ProcessTable(home / "processes.json")
    server = await start_server(program, port=port, table=table, say=print)
    (home / "flows.py").write_text(FLOWS)
    env = {
        **program.env,
        "PREFECT_API_URL": api_url(port),
        "PREFECT_API_AUTH_STRING": LOGIN,
        "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "true",
        "PREFECT_RUNNER_POLL_FREQUENCY": "1",
    }
    command = [sys.executable, str(home / "flows.py")]
    log = home / "flows.log"
    serving = Child(
        program=Program(name="flows", command=command, env=env, log=log, restarts=False, patience=20),
        table=table,
        say=print,
    )
    await serving.start()
    try:
        await _until_served(api_url(port), serving)
        yield Platform(api_url(port), home)
    finally:
        await serving.stop()
        await server.stop()


async def _until_served(url: str, serving: Child) -> None:
    async with asyncio.timeout(PATIENCE), httpx.AsyncClient(auth=("liaison", "of-this-test")) as client:
        for action in ACTIONS.values():
            # Not ready before its runs were asked for a first time.
            while await _status(client, f"{url}/deployments/name/{action['deployment']}") != "READY":
                assert serving.is_running, serving.log_tail()
                await asyncio.sleep(0.2)


async def _status(client: httpx.AsyncClient, address: str) -> str | None:
    answer = await client.get(address)
    return answer.json()["status"] if answer.status_code == httpx.codes.OK else None


async def ended(runner: PrefectActions, run: ActionRun) -> ActionRun:
    async with asyncio.timeout(PATIENCE):
        while run.state is ActionState.RUNNING:
            await asyncio.sleep(0.2)
            run = await runner.follow(run.id)
    return run


async def test_a_remedy_runs_once_and_is_followed_to_its_end(platform: Platform):
    """Asked for twice at once, it is one run; its parameters are typed; asked for again later, it tells its end."""
    runner = platform.runner()
    asked = [
        runner.run("Restart", {"region": "eu-1"}, once="liaison:aaaaaa:INC-1:g1:action-1") for _ in range(2)
    ]
    first, second = await asyncio.gather(*asked)
    assert first.id == second.id
    end = await ended(runner, first)
    assert (end.state, end.detail) == (ActionState.SUCCEEDED, "")
    assert platform.restarted == ["eu-1 42"]
    again = await runner.run("Restart", {"region": "eu-1"}, once="liaison:aaaaaa:INC-1:g1:action-1")
    assert (again.id, again.state) == (first.id, ActionState.SUCCEEDED)
    other = await runner.run("Restart staging", {"region": "eu-2"}, once="liaison:aaaaaa:INC-1:g1:action-1")
    assert other.id != first.id
    await ended(runner, other)
    assert platform.restarted == ["eu-1 42", "eu-2 2"]
    await runner.aclose()


async def test_remedies_that_fail_and_crash_say_so(platform: Platform):
    runner = platform.runner()
    for number, (action, words) in enumerate({"Roll back": "no such release", "Crash": "it crashed"}.items()):
        run = await runner.run(action, {}, once=f"liaison:aaaaaa:INC-2:g1:action-{number}")
        end = await ended(runner, run)
        assert (end.state, words in end.detail) == (ActionState.FAILED, True), end.detail
    await runner.aclose()


async def test_what_the_server_refuses(platform: Platform):
    """A wrong login, and a parameter that is missing or one too many, start nothing."""
    before = platform.restarted
    stranger, runner = platform.runner("liaison:wrong"), platform.runner()
    with pytest.raises(NotAllowed):
        await stranger.run("Restart", {"region": "eu-1"}, once="liaison:aaaaaa:INC-3:g1:action-1")
    with pytest.raises(Refused, match="409"):
        await runner.run("Restart", {}, once="liaison:aaaaaa:INC-3:g1:action-2")
    too_many = {"region": "eu-1", "colour": "red"}
    with pytest.raises(Refused, match="has no parameter 'colour'"):
        await runner.run("Restart", too_many, once="liaison:aaaaaa:INC-3:g1:action-3")
    assert platform.restarted == before
    said = await runner.check()
    assert "Restart: restart/production is ready" in said
    assert said.startswith("Prefect 3.")
    await stranger.aclose()
    await runner.aclose()
