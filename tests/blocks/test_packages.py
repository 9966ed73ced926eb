"""Connectors of other packages: the example is installed and found, and a broken package costs only itself."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from shutil import copytree

import pytest
from prefect.blocks.core import Block

from blocks.catalogue import ConnectorBlock, DeskBlock
from blocks.packages import GROUP, blocks_of_packages

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "example_connector"
HERE = "tests.blocks.test_packages"


class AcmeBlock(Block):
    _block_type_name = "Acme of a test"
    _block_type_slug = "acme"

    def connector(self, name: str) -> None: ...


class SpeechlessBlock(Block):
    _block_type_name = "Speechless of a test"
    _block_type_slug = "speechless"


def found(*points: tuple[str, str], own: tuple[str, ...] = ()) -> tuple[list[str], dict[str, str]]:
    named = [EntryPoint(name=name, value=value, group=GROUP) for name, value in points]
    blocks, left_out = blocks_of_packages(own, (ConnectorBlock, DeskBlock), named)
    return list(blocks), left_out


def test_a_packages_block_is_found_by_its_entry_point():
    assert found(("acme", f"{HERE}:AcmeBlock")) == (["acme"], {})


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("acme", "nowhere.to.be_found:Block", "cannot be imported (ModuleNotFoundError"),
        ("acme", f"{HERE}:NoSuchBlock", "cannot be imported (AttributeError"),
        ("acme", f"{HERE}:EXAMPLE", "is no Prefect block"),
        ("other", f"{HERE}:AcmeBlock", "must have _block_type_slug = 'other'"),
        ("speechless", f"{HERE}:SpeechlessBlock", "has no method connector(name)"),
        ("Acme", f"{HERE}:AcmeBlock", "small letters"),
        ("a/b", f"{HERE}:AcmeBlock", "small letters"),
    ],
)
def test_a_broken_package_costs_only_itself_and_is_told(name: str, value: str, why: str):
    there, left_out = found((name, value), ("acme" if name != "acme" else "zz", f"{HERE}:AcmeBlock"))
    assert there == (["acme"] if name != "acme" else [])
    assert why in left_out[name]
    assert left_out[name].startswith(f"the connector {name} of an unknown package is left out: ")


def test_a_name_that_is_taken_stays_whose_it_is():
    """Liaison's own cannot be replaced; of two packages the first by the names of their modules counts."""
    assert found(("acme", f"{HERE}:AcmeBlock"), own=("acme",)) == ([], {})
    assert found(("acme", f"{HERE}:AcmeBlock"), ("acme", "zz.other:Block")) == (["acme"], {})


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example as pip installs it, in a folder of its own."""
    folder = tmp_path_factory.mktemp("packages")
    source = copytree(EXAMPLE, folder / "source")  # a build leaves files behind
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
    ]
    subprocess.run([*pip, "--target", str(folder / "site"), str(source)], check=True, capture_output=True)  # noqa: S603
    return folder / "site"


def asked(installed: Path, program: str) -> str:
    command = [sys.executable, "-c", f"import sys; sys.path.append({str(installed)!r})\n{program}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_example_is_installed_and_is_a_connection_like_any_other(installed: Path, tmp_path: Path):
    """In the catalogue, in what is registered with Prefect, by a connection's name, and at the gateway's door."""
    (tmp_path / "checkout.txt").write_text("down")
    program = f"""
import asyncio
from datetime import UTC, datetime
from blocks.catalogue import BLOCKS, OWN_BLOCKS
from blocks.connect import block_from_json, open_connector
from deployments.worker.registration import block_types
from incidents.policy.words import _connection
from incidents.ports import Connector, ImpactProbe

assert "updown" in BLOCKS and "updown" not in OWN_BLOCKS
assert BLOCKS["updown"] in block_types()
name = _connection("updown/shop")
block = block_from_json(name, '{{"folder": "{tmp_path}"}}')
probe = open_connector(name, block, lambda: None)
assert isinstance(probe, ImpactProbe) and isinstance(probe, Connector)
print(asyncio.run(probe.check("checkout", now=datetime.now(UTC))).summary)
"""
    assert asked(installed, program) == "checkout is down"


def test_the_example_keeps_the_contract_of_its_port(installed: Path):
    """Its own tests, run as its author would: with Liaison's checkout beside it."""
    tests = str(EXAMPLE / "tests")
    program = f"""
import pytest
raise SystemExit(pytest.main(["-q", "-p", "no:cacheprovider", "--rootdir", {tests!r}, {tests!r}]))
"""
    assert " passed" in asked(installed, program)


def test_without_it_the_connection_is_unknown():
    """The test above would say nothing if the example were found anyway."""
    from blocks.catalogue import BLOCKS

    assert "updown" not in BLOCKS
