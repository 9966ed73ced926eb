"""A new connector, made in a copy of the repository: it passes what `make check` runs, and its copied tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

from tests.new_connector.copying import LIKES, CannotCopy, Renaming, new_connector

ROOT = Path(__file__).parents[2]
NEAREST = "prometheus"
FOLDERS = (
    "incidents",
    "insights",
    "connectors",
    "blocks",
    "tasks",
    "flows",
    "deployments",
    "tests",
    "bench",
    "docs",
)


def copied(folder: Path) -> Path:
    """What the checks look at, without what they leave behind."""
    for name in FOLDERS:
        copytree(ROOT / name, folder / name, ignore=ignore_patterns("__pycache__"))
    for path in ROOT.iterdir():
        if path.is_file() and path.name != ".gitignore":
            (folder / path.name).write_bytes(path.read_bytes())
    return folder


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    # The copy lies where no shared folder is beside it, so what needs that is skipped there, in CI as well.
    env = {name: value for name, value in os.environ.items() if name != "CI"}
    return subprocess.run(  # noqa: S603
        [sys.executable, *words], cwd=folder, env=env, capture_output=True, text=True, check=False
    )


def passes(folder: Path, *words: str) -> None:
    done = run(folder, "-m", *words)
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("like", LIKES)
def test_the_copy_passes_what_make_check_runs_and_its_own_tests(tmp_path: Path, like: str):
    """mypy, which takes as long as all else together, looks at one of the copies, and at what its files import."""
    here = copied(tmp_path)
    passes(here, "tests.new_connector", "acme", like)
    passes(here, "ruff", "format", "--check", ".")
    passes(here, "ruff", "check", ".")
    passes(here, "tests.shape")
    passes(here, "tests.quality")
    if like == NEAREST:
        passes(
            here,
            "mypy",
            "--cache-dir",
            str(ROOT / ".mypy_cache" / "new_connector"),
            "connectors/acme",
            "blocks/acme.py",
        )
    passes(here, "pytest", "-q", "-p", "no:cacheprovider", "tests/connectors/acme", "tests/docs")
    done = run(here, "-c", "from blocks.catalogue import OWN_BLOCKS; print(OWN_BLOCKS['acme'].__name__)")
    assert done.stdout.strip() == "AcmeBlock"


def test_the_layers_of_imports_hold_for_the_copy(tmp_path: Path):
    here = copied(tmp_path)
    new_connector(here, "acme", "prometheus")
    command = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([command, "--no-cache"], cwd=here, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout


def test_nothing_of_the_old_ones_facts_is_taken_over(tmp_path: Path):
    """What it was held against is another's proof; and the README begins with what is to be done."""
    here = copied(tmp_path)
    before = {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}
    written = new_connector(here, "acme", "prometheus")
    assert "test_prometheus" not in (here / "connectors/acme/quality.yaml").read_text()
    assert "What to do next" in (here / "connectors/acme/README.md").read_text().splitlines()[2]
    code = (here / "connectors/acme/connector.py").read_text()
    assert "https://prometheus.io/" in code, "an address is a fact, and not renamed"
    assert "class Acme(ImpactProbe)" in code
    changed = {
        str(path.relative_to(here)) for path, content in before.items() if path.read_bytes() != content
    }
    assert changed == {"README.md"}
    assert all("prometheus" not in str(path) for path in written)


@pytest.mark.parametrize(
    ("name", "like", "words"),
    [
        ("acme", "http", "like=prometheus"),
        ("acme", "", "like=prometheus"),
        ("Acme", "prometheus", "no name"),
        ("", "prometheus", "no name"),
        ("../acme", "prometheus", "no name"),
        ("slack", "prometheus", "is taken"),
        ("kit", "prometheus", "is taken"),
        ("settings", "prometheus", "is taken"),
    ],
)
def test_what_cannot_be_made_is_told_and_nothing_is_written(name: str, like: str, words: str):
    with pytest.raises(CannotCopy, match=words):
        new_connector(ROOT, name, like)


@pytest.mark.parametrize(
    ("text", "renamed"),
    [
        ("class PrometheusBlock(Block, PrometheusSettings):", "class AcmeBlock(Block, AcmeSettings):"),
        ("query: ServiceQuery | None", "query: AcmeServiceQuery | None"),
        ("_block_type_slug = 'prometheus'", "_block_type_slug = 'acme'"),
        (
            "see https://prometheus.io/docs/prometheus, then",
            "see https://prometheus.io/docs/prometheus, then",
        ),
        ("FakePrometheus of PROMETHEUS_URL", "FakeAcme of ACME_URL"),
    ],
)
def test_names_in_every_spelling(text: str, renamed: str):
    classes = dict.fromkeys(("PrometheusBlock", "PrometheusSettings", "FakePrometheus"), "Prometheus")
    assert Renaming("prometheus", "acme", {**classes, "ServiceQuery": ""}).text(text) == renamed
