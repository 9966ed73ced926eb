"""The version before this one: what an installation runs that is about to be upgraded.

The newest commit with another schema of the store, if today's store lets it go on beside us (docs/upgrade.md), because
then the store is migrated under its hands; else the commit before this one; and where there is no history, as in
a shallow clone, today's code in a folder of its own: roles are replaced then as well, by nothing newer.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.city.figures import checkout
from incidents.store.migrate import known_schemas
from tests.deployments.test_wheel import LEFT_OUT
from tests.docs.documents import PROJECT

VERSIONS = "incidents/store/migrations/versions"


@dataclass(frozen=True, kw_only=True)
class Before:
    """`code` is its folder, `name` tells people which one it is."""

    code: Path
    name: str
    schema: str


@contextmanager
def the_version_before(readable_from: str) -> Iterator[Before]:
    """`readable_from` as today's store has it."""
    for commit in (_before_the_newest_migration(), "HEAD~1"):
        with checkout(commit) as code:
            if code is None:
                continue
            schema = max(path.name[:4] for path in (code / VERSIONS).glob("[0-9]*.py"))
            if readable_from <= schema:
                yield Before(code=code, name=f"{commit}, whose schema is {schema}", schema=schema)
                return
    with TemporaryDirectory(prefix="liaison-before-") as folder:
        code = Path(folder) / "code"
        shutil.copytree(PROJECT, code, ignore=LEFT_OUT)
        yield Before(code=code, name="today's, as there is no history here", schema=known_schemas()[0])


def _before_the_newest_migration() -> str:
    """Its commit, or a name that no commit has."""
    newest = next((PROJECT / VERSIONS).glob(f"{known_schemas()[0]}_*.py"))
    git = shutil.which("git")
    if git is None:
        return "none"
    found = subprocess.run(  # noqa: S603 - our own words
        [git, "log", "--diff-filter=A", "--format=%H", "--", str(newest)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    commits = found.stdout.split()
    return f"{commits[-1][:12]}~1" if commits else "none"
