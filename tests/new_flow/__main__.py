"""`make new-flow name=long_open`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.new_flow.writing import CannotWrite, new_flow

ROOT = Path(__file__).parents[2]


def main(name: str) -> int:
    """Write and format. 1, with the cure, where nothing was written."""
    try:
        written = new_flow(ROOT, name)
    except CannotWrite as error:
        print(error, file=sys.stderr)
        return 1
    # Another name sorts elsewhere among the imports, and may need other line breaks.
    for step in (["check", "--quiet", "--fix"], ["format", "--quiet"]):
        subprocess.run([sys.executable, "-m", "ruff", *step, *written], cwd=ROOT, check=True)  # noqa: S603
    print(f"The flow {name} is there, and passes `make check`. What to do next:")
    print(
        f"1. incidents/decisions/{name}.py: decide what is yours; tests/incidents/decisions/test_{name}.py first."
    )
    print(f"2. tasks/{name}.py: what must be read before that, and what is committed.")
    print(f"3. flows/{name}.py: the story; tests/stories/test_{name}.py tells it.")
    print(
        "4. prefect.yaml, the last of its deployments: what it is for, and when it runs. Without a schedule:"
    )
    print("   tags: [by-hand], and out of SCHEDULES in flows/prune.py.")
    print("5. A line in CHANGELOG.md, `make check`, `make test`.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
