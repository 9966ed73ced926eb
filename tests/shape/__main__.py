"""Prints every breach of the shape, one a line, and fails if there is one."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.shape.docstrings import documented
from tests.shape.excepts import reasoned_excepts
from tests.shape.names import named_type_variables, unique_class_names
from tests.shape.sizes import short_files, small_folders
from tests.shape.sources import read_sources

RULES = (
    short_files,
    small_folders,
    unique_class_names,
    named_type_variables,
    reasoned_excepts,
    documented,
)


def main() -> int:
    """The exit code: 1 if a rule is broken anywhere."""
    sources = read_sources(Path(__file__).parents[2])
    found = sorted(breach for rule in RULES for breach in rule(sources))
    for breach in found:
        print(breach)
    print(f"shape: {len(sources)} files, {len(RULES)} rules, {len(found)} breaches")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
