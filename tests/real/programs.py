"""The programs that `tests/real/install` installs.

One that is missing skips the test that asks for it; in CI its absence is a failure, never a silence.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

CODE = Path(__file__).parents[2]
CACHE = CODE / os.environ.get("LIAISON_REAL_CACHE", ".liaison-real")


def debian_program(name: str) -> Path:
    """A program of a Debian package; servers are in /usr/sbin, which users have not in their PATH."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    return Path(found) if found else missing(name)


def postgres_programs() -> Path:
    """The folder with Debian's initdb, pg_ctl and postgres, of the newest version that is installed."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]), reverse=True
    )
    return found[0].parent if found else missing("Debian's postgresql")


def cached_program(what: str, program: str) -> Path:
    """A program of what is installed, completely, in the cache: `prism`, `axe`, or `signers` and their Python."""
    folder = CACHE / what
    return folder / program if (folder / ".installed").exists() else missing(what)


def missing(what: str) -> NoReturn:
    why = f"{what} is not installed: bash tests/real/install"
    if os.environ.get("CI") == "true":
        pytest.fail(why, pytrace=False)
    pytest.skip(why)
