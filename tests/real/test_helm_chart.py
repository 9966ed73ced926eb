"""The Helm chart, rendered by Helm itself (its library) and held against Kubernetes' schemas; no cluster is here."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs.documents import PROJECT
from tests.docs.test_documents import parsed
from tests.real.programs import cached_program

pytestmark = pytest.mark.real

CHART = PROJECT / "deployments" / "helm"
COMPOSE = PROJECT / "deployments" / "compose.yaml"
POLICY = "helpdesks: [zendesk/main]\n"
VALUES = {
    "image": "registry.example.com/liaison:1",
    "policy": POLICY,
    "publicUrl": "https://prefect.example.com",
}
KUBERNETES = "1.34"


def rendered(
    values: Mapping[str, object], chart: Path = CHART, *, kubernetes: str = KUBERNETES
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own words
        [cached_program("helm", "bin/python"), PROJECT / "tests/real/helm_render.py", chart, kubernetes],
        input=json.dumps(values),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def told(values: Mapping[str, object], *, kubernetes: str = KUBERNETES) -> dict[str, Any]:
    done = rendered(values, kubernetes=kubernetes)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def of_kind(found: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one["spec"] for one in found["found"] if one["kind"] == kind}


def pods(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    both = of_kind(found, "Deployment") | of_kind(found, "Job")
    return {name.removeprefix("liaison-"): spec["template"]["spec"] for name, spec in both.items()}


@pytest.mark.parametrize("kubernetes", ["1.25", KUBERNETES])
def test_kubernetes_takes_it(kubernetes: str):
    found = told(VALUES, kubernetes=kubernetes)
    assert found["lint"] == []
    assert set(of_kind(found, "Service")) == {"liaison-server", "liaison-gateway"}
    assert set(of_kind(found, "Deployment")) == {"liaison-server", "liaison-worker", "liaison-gateway"}


def test_each_command_is_a_verb(tmp_path: Path):
    found = pods(told({**VALUES, "servers": 2}))
    assert set(found) == {"server", "services", "worker", "gateway", "migrate", "register"}
    for pod in found.values():
        parsed(" ".join(pod["containers"][0]["args"]), tmp_path)


def test_several_servers_are_parts():
    found = told({**VALUES, "servers": 2})
    roles = of_kind(found, "Deployment")
    assert {name: spec["replicas"] for name, spec in roles.items()} == {
        "liaison-server": 2,
        "liaison-services": 1,
        "liaison-worker": 2,
        "liaison-gateway": 2,
    }
    assert pods(found)["server"]["containers"][0]["args"] == ["server", "--part", "api"]
    assert pods(told(VALUES))["server"]["containers"][0]["args"] == ["server"]


@pytest.mark.parametrize(("servers", "alone"), [(1, {"liaison-server"}), (2, {"liaison-services"})])
def test_what_there_may_be_one_of_ends_before_the_next_begins(servers: int, alone: set[str]):
    roles = of_kind(told({**VALUES, "servers": servers}), "Deployment")
    assert {name for name, spec in roles.items() if spec.get("strategy") == {"type": "Recreate"}} == alone


def test_the_databases_are_migrated_before_and_prefect_is_told_after():
    jobs = {one["metadata"]["name"]: one for one in told(VALUES)["found"] if one["kind"] == "Job"}
    hooks = {name: job["metadata"]["annotations"]["helm.sh/hook"] for name, job in jobs.items()}
    assert hooks == {
        "liaison-migrate": "pre-install,pre-upgrade",
        "liaison-register": "post-install,post-upgrade",
    }
    # What is not a hook is not there yet.
    assert "configMap" not in str(jobs["liaison-migrate"])


def test_it_says_what_the_compose_file_says():
    """The variables of each; those that hold a secret are in the Secret."""
    compose = set(yaml.safe_load(COMPOSE.read_text())["x-role"]["environment"])
    secret = {name for name in compose if name in (CHART / "values.yaml").read_text()}
    worker = pods(told(VALUES))["worker"]["containers"][0]
    assert {one["name"] for one in worker["env"]} | secret == compose | {"HOME"}
    assert worker["envFrom"] == [{"secretRef": {"name": "liaison"}}]


def test_each_pod_is_closed():
    for pod in pods(told({**VALUES, "servers": 2})).values():
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        assert pod["enableServiceLinks"] is False, "LIAISON_SERVER_PORT would be the address of a service"
        (container,) = pod["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


def test_the_policy_is_as_it_was_given():
    (policy,) = (one for one in told(VALUES)["found"] if one["kind"] == "ConfigMap")
    assert policy["data"] == {"liaison.yaml": POLICY}


@pytest.mark.parametrize("missing", VALUES)
def test_what_is_not_set_is_named(missing: str):
    found = told({name: value for name, value in VALUES.items() if name != missing})
    assert f"'/{missing}'" in found["refused"]
    assert found["found"] == []


def test_a_value_that_is_misspelt_is_named():
    assert "wokers" in told({**VALUES, "wokers": 3})["refused"]


def test_a_field_that_kubernetes_does_not_know_is_found_out(tmp_path: Path):
    """The control."""
    chart = tmp_path / "helm"
    shutil.copytree(CHART, chart)
    pod = chart / "templates" / "_pod.tpl"
    pod.write_text(pod.read_text().replace("enableServiceLinks", "enableServiceLink"))
    done = rendered(VALUES, chart)
    assert done.returncode != 0
    assert "enableServiceLink" in done.stderr
