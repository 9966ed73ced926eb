"""`make new-connector name=acme like=prometheus`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.new_connector.copying import CannotCopy, new_connector

ROOT = Path(__file__).parents[2]


def main(name: str, like: str) -> int:
    """Copy, format, and write the page of qualities anew. 1, with the cure, where nothing was written."""
    try:
        written = new_connector(ROOT, name, like)
    except CannotCopy as error:
        print(error, file=sys.stderr)
        return 1
    python = [str(path) for path in written if path.suffix == ".py"]
    for step in (
        ["ruff", "check", "--quiet", "--fix", *python],  # the new name sorts elsewhere among the imports
        ["ruff", "format", "--quiet", *python],
        ["tests.quality", "--write"],
    ):
        subprocess.run([sys.executable, "-m", *step], cwd=ROOT, check=True)  # noqa: S603
    print(f"connectors/{name} is there, as a copy of {like}: its README.md says what to do next")
    return 0


if __name__ == "__main__":
    sys.exit(main(*(sys.argv[1:3] if len(sys.argv) > 2 else ("", ""))))
