"""Renders the chart, in the Python that has Helm (tests/real/install): `helm_render.py CHART KUBERNETES < values.json`.

Prints JSON: `lint`, Helm's findings that are warnings or worse; `refused`, why the values are not taken; `found`, the
manifests, each held against Kubernetes' own schema of its kind, where an unknown field is an error, too.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import helm_python as helm
import kubernetes_validate
import yaml

INFO = 1


def main(chart: str, kubernetes: str, values: dict[str, Any]) -> dict[str, Any]:
    lint = [one["error"] for one in helm.lint(chart, values)["messages"] if one["severity"] > INFO]
    with helm.Chart.load(chart) as loaded:
        try:
            loaded.validate_schema(values)
        except helm.HelmValuesError as error:
            return {"lint": lint, "refused": str(error), "found": []}
        texts = loaded.render(values, name="liaison", namespace="support").values()
    found = [one for text in texts for one in yaml.safe_load_all(text) if one]
    for manifest in found:
        kubernetes_validate.validate(manifest, kubernetes, strict=True)
    return {"lint": lint, "refused": "", "found": found}


if __name__ == "__main__":
    json.dump(main(sys.argv[1], sys.argv[2], json.load(sys.stdin)), sys.stdout)
