"""Renders a pool's template of jobs as Prefect's own worker does, in the Python that has it (tests/real/install).

`pool_render.py TYPE TEMPLATE KUBERNETES < variables.json` prints the job as JSON; a Kubernetes job is held against the
schema of its kind, where an unknown field is an error, too. Prefect refuses variables that do not fit the template.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import kubernetes_validate
from prefect.client.schemas.objects import Flow, FlowRun
from prefect.utilities.schema_tools.validation import validate
from prefect_docker.worker import DockerWorkerJobConfiguration
from prefect_kubernetes.worker import KubernetesWorkerJobConfiguration


async def main(kind: str, template: dict[str, Any], kubernetes: str, variables: dict[str, Any]) -> Any:
    validate(variables, template["variables"], raise_on_error=True)
    configuration = {"kubernetes": KubernetesWorkerJobConfiguration, "docker": DockerWorkerJobConfiguration}
    job = await configuration[kind].from_template_and_values(template, variables)
    run = FlowRun(id=uuid4(), flow_id=uuid4(), name="dapper-owl")
    job.prepare_for_flow_run(run, flow=Flow(id=run.flow_id, name="train", labels={}), worker_name="here")
    if kind == "docker":
        return job.model_dump(mode="json")
    manifest = job.job_manifest
    kubernetes_validate.validate(manifest, kubernetes, strict=True)
    return manifest


if __name__ == "__main__":
    words = sys.argv[1:]
    found = asyncio.run(
        main(words[0], json.loads(Path(words[1]).read_text()), words[2], json.load(sys.stdin))
    )
    json.dump(found, sys.stdout, indent=1)
