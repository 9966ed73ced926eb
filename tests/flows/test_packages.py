"""Flows of other packages: found by an entry point, and a broken package costs only itself."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path
from uuid import uuid4

import pytest

from flows.packages import GROUP, PackageFlows, flows_of_packages

CODE = """
from prefect import flow

@flow(name="tidy")
async def tidy() -> None: ...

@flow(name="sweep")
def sweep() -> None: ...

@flow(name="mop")
async def scrub() -> None: ...
"""


@dataclass
class Packages:
    """Packages that can be imported, each with a module `flow` and what it declares."""

    folder: Path

    def make(self, *names: str, **changed: str) -> EntryPoint:
        """One that declares these flows."""
        module = f"package_{uuid4().hex[:8]}"
        (self.folder / module).mkdir()
        (self.folder / module / "__init__.py").touch()
        (self.folder / module / "flow.py").write_text(CODE)
        entries = [
            {"name": name, "entrypoint": f"{module}.flow.{name}", "description": "Tidies.", **changed}
            for name in names
        ]
        lines = [
            "  - "
            + "\n    ".join([*(f"{key}: {value!r}" for key, value in one.items()), "work_pool: {name: p}"])
            for one in entries
        ]
        (self.folder / module / "prefect.yaml").write_text("\n".join(["deployments:", *lines]))
        return EntryPoint(name="acme", value=module, group=GROUP)


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Packages]:
    before = set(sys.modules)
    monkeypatch.syspath_prepend(tmp_path)
    yield Packages(tmp_path)
    for name in set(sys.modules) - before:
        if name.startswith("package_"):
            del sys.modules[name]


def found(*points: EntryPoint, own: tuple[str, ...] = ()) -> PackageFlows:
    return flows_of_packages(own, points)


def test_a_packages_flow_is_found_with_how_it_is_deployed(packages: Packages):
    flows = found(packages.make("tidy"))
    assert flows.left_out == []
    assert flows.found["tidy"].flow.name == "tidy"
    assert flows.found["tidy"].declaration.work_pool.name == "p"


@pytest.mark.parametrize(
    ("name", "changed", "why"),
    [
        ("gone", {}, "cannot be imported"),
        ("sweep", {}, "is not async"),
        ("scrub", {}, "is called mop"),
        ("polish", {"entrypoint": "flow.py:tidy"}, "is a file's; name a module"),
        ("intake", {}, "Liaison has one of this name itself"),
    ],
)
def test_a_flow_that_cannot_be_costs_only_itself(
    packages: Packages, name: str, changed: dict[str, str], why: str
):
    flows = found(packages.make(name, **changed), packages.make("tidy"), own=("intake",))
    assert list(flows.found) == ["tidy"]
    (line,) = flows.left_out
    assert why in line
    assert line.startswith(f"the flow {name} of an unknown package is left out: ")


def test_of_two_with_one_name_one_is_left_out(packages: Packages):
    flows = found(packages.make("tidy"), packages.make("tidy"))
    assert list(flows.found) == ["tidy"]
    assert "another one has this name" in flows.left_out[0]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "FileNotFoundError"),
        ("deployments: [", "ParserError"),
        ("deployments:\n  - {name: tidy, pull: []}", "ValidationError"),
        ("name: acme", "KeyError"),
    ],
)
def test_what_cannot_be_read_is_left_out_whole(packages: Packages, text: str | None, why: str):
    broken = packages.make("tidy")
    file = packages.folder / broken.value / "prefect.yaml"
    file.unlink()
    if text is not None:
        file.write_text(text)
    flows = found(broken)
    assert flows.found == {}
    assert f"has no prefect.yaml that can be read ({why}" in flows.left_out[0]


def test_a_module_that_is_not_there_is_told(packages: Packages):
    flows = found(EntryPoint(name="acme", value="nowhere.to.be.found", group=GROUP), packages.make("tidy"))
    assert list(flows.found) == ["tidy"]
    assert "the flows acme of an unknown package are left out" in flows.left_out[0]
    assert "ModuleNotFoundError" in flows.left_out[0]
