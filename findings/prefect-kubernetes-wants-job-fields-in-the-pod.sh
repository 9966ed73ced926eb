#!/usr/bin/env bash
# prefect-kubernetes refuses a job template without two fields in its Pod that Kubernetes does not know there.
#
# Versions: prefect 3.8.8, prefect-kubernetes 0.8.0, kubernetes-validate 1.37.0 (Kubernetes' own schema of 1.34); Python 3.11.
# Guess: a Job's manifest that Kubernetes takes can be a work pool's template. `completions` and `parallelism` belong to the Job
#   (spec) and may be left out, as Kubernetes' documentation of Jobs has it.
# Behaviour: without them the worker refuses the template, naming both as missing below spec.template.spec, which is the Pod's.
#   Its own template has them there; held strictly against Kubernetes' schema (`kubectl apply --validate=strict`), that Job has
#   two unknown fields, which a server by default drops with a warning. Written where Kubernetes has them they satisfy the worker,
#   too: it compares by a JSON patch, in which they are moved then, and only what would be added counts as missing.
# Seen:
#   left out: the worker misses /spec/template/spec/completions /spec/template/spec/parallelism
#   where Kubernetes has them: the worker misses nothing, Kubernetes does not know: nothing
#   the worker's own template: the worker misses nothing, Kubernetes does not know: completions, parallelism
# Exit: 0 while it is so, 1 if it changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check prefect==3.8.8 prefect-kubernetes==0.8.0 \
    kubernetes-validate==1.37.0 2>/dev/null
cat > "$work/ask.py" <<'PY'
import asyncio
import copy
import re

import kubernetes_validate
from prefect_kubernetes.worker import KubernetesWorker, KubernetesWorkerJobConfiguration
from pydantic import ValidationError

OWN = KubernetesWorker.get_default_base_job_template()
BOTH = ("completions", "parallelism")


async def rendered(template):
    return await KubernetesWorkerJobConfiguration.from_template_and_values(template, {"image": "example.com/flows:1"})


def unknown(manifest):
    """The fields that Kubernetes does not know, by its schema of a Job."""
    try:
        kubernetes_validate.validate(manifest, "1.34", strict=True)
    except kubernetes_validate.ValidationError as error:
        return sorted(re.findall(r"'(\w+)'", str(error.message).partition("(")[2]))
    return []


def changed(*, keep):
    """The worker's own template with both fields in the Job, or nowhere."""
    template = copy.deepcopy(OWN)
    job = template["job_configuration"]["job_manifest"]["spec"]
    for field in BOTH:
        value = job["template"]["spec"].pop(field)
        if keep:
            job[field] = value
    return template


async def told(name, template):
    try:
        manifest = (await rendered(template)).job_manifest
    except ValidationError as error:
        missed = sorted(set(re.findall(r"/spec/template/spec/\w+", str(error))))
        print(f"{name}: the worker misses", *missed)
        return missed
    manifest["metadata"]["generateName"] = "run-"
    manifest["metadata"].pop("labels", None)
    fields = unknown(manifest)
    print(f"{name}: the worker misses nothing, Kubernetes does not know:", ", ".join(fields) or "nothing")
    return fields


async def main():
    left_out = await told("left out", changed(keep=False))
    moved = await told("where Kubernetes has them", changed(keep=True))
    own = await told("the worker's own template", OWN)
    return left_out == [f"/spec/template/spec/{field}" for field in BOTH] and moved == [] and own == list(BOTH)


raise SystemExit(0 if asyncio.run(main()) else 1)
PY
# Nobody is asked; without an address Prefect would load its whole server.
PREFECT_HOME="$work/home" PREFECT_API_URL=http://127.0.0.1:9/api "$work/venv/bin/python" "$work/ask.py"
