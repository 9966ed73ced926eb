"""What somebody does on the command line is told to colleagues in their team's language; its own is English."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deployments.commands.owner import give_to
from incidents.decisions.ownership.hand_over import HandOver
from incidents.store.database import Database
from incidents.store.timeline import read_timeline
from tests.incidents.builders import POLICY
from tests.incidents.store.examples import new_incident
from tests.incidents.texts.team_sentences import ROOT

BY_THE_POLICY = {
    "deployments/commands/by_hand/steps.py",
    "deployments/gateway/board/answering.py",
    "tasks/resources.py",
}
"""Where a step is made, each within its team's language."""


@pytest.mark.parametrize(
    ("language", "words"), [("de", "Ab jetzt verantwortlich: Bo"), ("en", "Accountable from now on: Bo")]
)
async def test_a_hand_over(database: Database, tmp_path: Path, language: str, words: str):
    policy = tmp_path / "policy.yaml"
    policy.write_text(f"{POLICY}language: {{team: {language}}}\n")
    async with database.transaction() as tx:
        opened = await new_incident(tx)
    await give_to(database, opened.name, HandOver(to="Bo", by="Ada"), policy)
    async with database.transaction() as tx:
        told = await read_timeline(tx, opened.id)
    assert words in "\n".join(entry.text for entry in told)


def test_no_step_is_made_without_a_language():
    """Whoever makes one by itself would tell colleagues in English."""
    made = {
        str(path.relative_to(ROOT))
        for folder in ("deployments", "flows", "tasks")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"\bStep\(\s*connection=", path.read_text())
    }
    assert made == BY_THE_POLICY
    for path in made:
        assert "team_reads(" in (ROOT / path).read_text()
