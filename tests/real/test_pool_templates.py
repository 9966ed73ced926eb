"""Templates of jobs for pools of type kubernetes and docker, rendered by Prefect's own workers; no engine is here."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.docs.documents import PROJECT
from tests.real.programs import cached_program

pytestmark = pytest.mark.real

VARIABLES: Mapping[str, Mapping[str, object]] = {
    "kubernetes": {"image": "registry.example.com/liaison:1"},
    "docker": {
        "image": "registry.example.com/liaison:1",
        "volumes": ["/srv/liaison.yaml:/etc/liaison/liaison.yaml:ro"],
    },
}
PLACES = {"LIAISON_POLICY": "/etc/liaison/liaison.yaml", "PREFECT_HOME": "/tmp/prefect"}  # noqa: S108


def rendered(kind: str, variables: Mapping[str, object], home: Path) -> subprocess.CompletedProcess[str]:
    template = PROJECT / "deployments" / "pools" / f"{kind}.json"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return subprocess.run(  # noqa: S603 - our own words
        [
            cached_program("pools", "bin/python"),
            PROJECT / "tests/real/pool_render.py",
            kind,
            template,
            "1.34",
        ],
        # Nobody is asked there.
        env={**kept, "PREFECT_API_URL": "http://prefect.example.com/api", "PREFECT_HOME": str(home)},
        input=json.dumps(variables),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def job(kind: str, home: Path) -> dict[str, Any]:
    done = rendered(kind, VARIABLES[kind], home)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_kubernetes_takes_the_job(tmp_path: Path):
    """The image's entry point is `liaison`, and the command is Prefect's."""
    found = job("kubernetes", tmp_path)
    assert found["spec"]["backoffLimit"] == 0, "what a run left is for `recover`"
    pod = found["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert [*container["command"], *container["args"]] == ["env", "prefect", "flow-run", "execute"]
    assert container["envFrom"] == [{"secretRef": {"name": "liaison"}}]
    environ = {one["name"]: one["value"] for one in container["env"]}
    assert environ.items() >= PLACES.items()
    assert environ["PREFECT_API_URL"] == "http://prefect.example.com/api"
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert pod["volumes"][1]["configMap"] == {"name": "liaison-policy"}, "as the Helm chart makes it"


def test_docker_takes_the_job(tmp_path: Path):
    found = job("docker", tmp_path)
    assert found["command"] == "prefect flow-run execute"
    assert found["container_create_kwargs"]["entrypoint"] == ["env"]
    assert found["container_create_kwargs"]["read_only"] is True
    assert found["env"].items() >= PLACES.items()
    assert found["volumes"] == VARIABLES["docker"]["volumes"]


@pytest.mark.parametrize("kind", VARIABLES)
def test_a_variable_that_is_missing_is_named(kind: str, tmp_path: Path):
    done = rendered(kind, {}, tmp_path)
    assert done.returncode != 0
    assert "'image' is a required property" in done.stderr
