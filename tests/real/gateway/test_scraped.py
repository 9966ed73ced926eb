"""Debian's Prometheus with our alert rules on a gateway: it reads both, and every question has an answer."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from bench.sandbox import until
from deployments.machine.processes import free_port
from tests.deployments.test_monitoring import FOLDER, expressions, rules
from tests.real.programs import debian_program
from tests.real.running import HOST, running

pytestmark = pytest.mark.real

CONFIG = """\
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{rules}]
scrape_configs:
  - job_name: liaison
    static_configs: [{{targets: ["{host}:{gateway}"]}}]
"""
# What a quiet gateway has not counted yet, or has not at all where its store is on another machine.
MAY_BE_EMPTY = (
    "liaison_deliveries",
    "disk_free",
    "increase(",
    "delta(",
    "doorbell",
)
COMPARED = re.compile(r"\s+(?:[=!]=|[<>]=?)\s+[\d.e+-]+")
"""An alert's limit is left out: on a calm day nothing is beyond it, and the figure must be there all the same."""


async def told(program: str, *words: str | Path) -> str:
    process = await asyncio.create_subprocess_exec(
        *(str(debian_program(program)), *map(str, words)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said = (await process.communicate())[0].decode()
    assert process.returncode == 0, said
    return said


async def test_the_rules_hold_for_promtool() -> None:
    """Their form; and by its unit tests each fires on what it is for, and none on a calm day."""
    assert f"{len(rules())} rules found" in await told("promtool", "check", "rules", FOLDER / "alerts.yaml")
    assert "SUCCESS" in await told("promtool", "test", "rules", FOLDER / "alerts_test.yaml")


async def test_a_live_scrape(gateway_port: int, tmp_path: Path) -> None:
    """No rule is broken, and no panel asks for what is not there."""
    port, config = free_port(0), tmp_path / "prometheus.yml"
    config.write_text(CONFIG.format(rules=FOLDER / "alerts.yaml", host=HOST, gateway=gateway_port))
    await told("promtool", "check", "config", config)
    command = [
        debian_program("prometheus"),
        f"--config.file={config}",
        f"--storage.tsdb.path={tmp_path / 'data'}",
        f"--web.listen-address={HOST}:{port}",
    ]
    async with (
        running("prometheus", command, port=port, home=tmp_path),
        httpx.AsyncClient(base_url=f"http://{HOST}:{port}/api/v1", trust_env=False) as http,
    ):

        async def is_scraped() -> bool:
            return bool(await _ask(http, "liaison_lane_waiting"))

        await until("it is scraped", is_scraped, 60, every=0.2)
        for expression in expressions():
            found = await _ask(http, COMPARED.sub("", expression))
            assert found or any(part in expression for part in MAY_BE_EMPTY), expression
        answer = (await http.get("/rules")).json()
        loaded = [rule for group in answer["data"]["groups"] for rule in group["rules"]]
        assert [rule["name"] for rule in loaded] == [rule["alert"] for rule in rules()]
        assert {rule["health"] for rule in loaded} <= {"ok", "unknown"}
        assert json.dumps(await _ask(http, 'up{job="liaison"} == 1'))


async def _ask(http: httpx.AsyncClient, expression: str) -> Sequence[Any]:
    answer = await http.get("/query", params={"query": expression})
    assert answer.status_code == 200, f"{expression}: {answer.text}"
    found: Sequence[Any] = answer.json()["data"]["result"]
    return found
