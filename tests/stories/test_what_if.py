"""`liaison what-if` on a store that has seen an outage."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from deployments.what_if.difference import difference
from deployments.what_if.history import NoHistory, read_history
from deployments.what_if.replay import replayed
from incidents.policy.file import load_policy
from tests.stories.installation import Installation


async def test_an_outage_under_a_policy_that_ignores_it(liaison: Installation, tmp_path: Path):
    """Three customers, one page, as it was; and nobody woken had the policy not known the words."""
    now = datetime.now(UTC) + timedelta(minutes=1)
    with pytest.raises(NoHistory, match="no ticket since"):
        await read_history(liaison.database, since=now - timedelta(days=90), now=now)
    await liaison.acknowledged(3)
    await liaison.resolved()
    history = await read_history(liaison.database, since=now - timedelta(days=90), now=now)
    assert len(history.clocks) == 2, "the incident's response and resolution"

    in_force = load_policy(liaison.policy_file)
    rules = yaml.safe_load(liaison.policy_file.read_text())
    rules["routing"] = [{"ignore": True, "any_keyword": ["checkout"]}]
    rules["sla"] = {"targets": {1: {"response": "1s", "resolution": "1s"}}}
    changed = tmp_path / "changed.yaml"
    changed.write_text(yaml.safe_dump(rules))
    found = difference(history, replayed(history, in_force), replayed(history, load_policy(changed)))
    assert (found.recorded_pages, found.before.pages, found.after.pages) == (1, 1, 0)
    assert found.moved == {("checkout", None): 3}
    assert [key.partition(":")[2] for key in found.newly_broken] in (
        ["first_response:g1r1", "resolution:g1r1"],
        ["resolution:g1r1"],
        ["first_response:g1r1"],
    )
    assert json.loads(json.dumps(found.as_json()))["before"]["incidents"] == 1


def test_a_changed_policy_with_a_mistake_is_told_before_anything_is_read(tmp_path: Path):
    from deployments.cli.app import app
    from incidents.errors import PolicyError

    file = tmp_path / "changed.yaml"
    file.write_text("services: {}\n")
    result = CliRunner().invoke(app, ["what-if", str(file), "--home", str(tmp_path)])
    assert isinstance(result.exception, PolicyError)
