"""Installed from a wheel into an environment of its own, without the checkout: all that is needed comes with it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from deployments.machine.processes import CODE
from deployments.machine.shipped import NotShipped, shipped

LEFT_OUT = shutil.ignore_patterns(
    ".*", "build", "*.egg-info", "tests", "docs", "bench", "findings", "__pycache__"
)
ASKS = """
import sys
from pathlib import Path
from deployments.commands.settings import EXAMPLE_POLICY
from deployments.gateway.board.views import sign_in_page
from deployments.machine.processes import CODE
from deployments.worker.declarations import declarations
from incidents.policy.file import load_policy
from datetime import datetime, UTC
from alembic.script import ScriptDirectory
import incidents.store.migrate as migrate

assert CODE.is_relative_to(sys.prefix), CODE
assert EXAMPLE_POLICY.is_relative_to(sys.prefix), EXAMPLE_POLICY
assert load_policy(EXAMPLE_POLICY).services
assert "Who are you?" in sign_in_page(has_secret=True, was_wrong=False, now=datetime.now(UTC))
assert list((Path(migrate.__file__).parent / "migrations" / "versions").glob("0001*.py"))
assert list((CODE / "connectors" / "http" / "presets").glob("*.yaml"))
print(len(declarations()))
"""


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(  # noqa: S603 - our own words
        [str(word) for word in command], cwd=cwd, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that has our dependencies, and us from a wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    shutil.copytree(CODE, source, ignore=LEFT_OUT)
    offline = ("--quiet", "--no-deps", "--no-index", "--disable-pip-version-check")
    pip = (sys.executable, "-m", "pip")
    run(*pip, "wheel", *offline, "--no-build-isolation", "--wheel-dir", folder, source, cwd=folder)
    (wheel,) = folder.glob("liaison-*.whl")
    venv.create(folder / "venv", with_pip=False)
    python = folder / "venv" / "bin" / "python"
    run(*pip, "--python", python, "install", *offline, wheel, cwd=folder)
    # A folder that is named in a .pth file has its own .pth files left alone, so the checkout stays out of sight.
    own = Path(
        run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip()
    )
    ours = {sysconfig.get_path("purelib"), *(path for path in sys.path if path.endswith("site-packages"))}
    (own / "dependencies.pth").write_text("\n".join(sorted(ours)))
    return python


def test_nothing_is_missing(installed: Path, tmp_path: Path):
    """Policy, deployments, templates, migrations and presets are there, and not the checkout's."""
    assert int(run(installed, "-c", ASKS, cwd=tmp_path)) > 10


def test_the_command(installed: Path, tmp_path: Path):
    assert "From the first customer's report" in run(installed.parent / "liaison", "--help", cwd=tmp_path)


def test_a_file_that_was_never_shipped():
    assert shipped("prefect.yaml") == CODE / "prefect.yaml"
    with pytest.raises(NotShipped, match=r"has no nothing\.yaml: install it anew"):
        shipped("nothing.yaml")
