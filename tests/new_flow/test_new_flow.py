"""A new flow, made in a copy of the repository: it passes what `make check` runs, and the tests it came with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.new_connector.test_new_connector import ROOT, copied, passes
from tests.new_flow.writing import PLACES, CannotWrite, new_flow

NAME = "long_open"


def test_it_passes_what_make_check_runs_and_its_own_tests(tmp_path: Path):
    """Its decision's table and its story, and those that look at every flow: declared, pruned, registered."""
    here = copied(tmp_path)
    passes(here, "tests.new_flow", NAME)
    passes(here, "ruff", "format", "--check", ".")
    passes(here, "ruff", "check", ".")
    passes(here, "tests.shape")
    passes(here, "tests.quality")
    files = [place.format(name=NAME) for place in PLACES.values() if not place.startswith("tests/")]
    passes(here, "mypy", "--cache-dir", str(ROOT / ".mypy_cache" / "new_flow"), *files)
    command = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([command, "--no-cache"], cwd=here, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout
    passes(
        here,
        *("pytest", "-q", "-p", "no:cacheprovider"),
        f"tests/incidents/decisions/test_{NAME}.py",
        f"tests/stories/test_{NAME}.py",
        "tests/stories/test_prune.py::test_every_flow_of_ours_is_pruned",
        "tests/deployments/test_registration.py::test_every_flow_of_the_folder_is_declared",
    )


def test_only_what_names_every_flow_is_changed(tmp_path: Path):
    here = copied(tmp_path)
    before = {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}
    written = new_flow(here, NAME)
    changed = {
        path.relative_to(here).as_posix() for path, content in before.items() if path.read_bytes() != content
    }
    assert changed == {"prefect.yaml", "flows/prune.py"}
    assert {path.relative_to(here).as_posix() for path in written} == {
        place.format(name=NAME) for place in PLACES.values()
    }
    assert not [path for path in written if "{" + "name}" in path.read_text("utf-8")]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "no name"),
        ("Long", "no name"),
        ("long-open", "no name"),
        ("../long", "no name"),
        ("class", "no name"),
        ("a" * 41, "no name"),
        ("intake", "is taken"),
        ("split", "is taken"),
        ("follow", "is taken"),
        ("surges", "is taken"),
        ("resources", "is taken"),
    ],
)
def test_what_cannot_be_made_is_told_and_nothing_is_written(name: str, words: str):
    with pytest.raises(CannotWrite, match=words):
        new_flow(ROOT, name)
