"""`python -m tests.quality`: is every rule kept, and are the pages true? `--write` writes them."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tests.quality.facts import ROOT, Facts, facts_of, vendors
from tests.quality.page import once_table, written

PAGE = ROOT / "connectors" / "QUALITY.md"
ONCE_PAGE = ROOT / "docs" / "idempotency.md"


def faults(found: Sequence[Facts]) -> list[str]:
    """Rules that are broken without an exemption, and exemptions that nothing needs."""
    said: list[str] = []
    for facts in found:
        broken = dict(facts.broken())
        for rule, how in facts.broken():
            if rule not in facts.said.exempt:
                said.append(
                    f"connectors/{facts.vendor}: {rule}: {how}; mend it, or say why not in quality.yaml"
                )
        said += [
            f"connectors/{facts.vendor}/quality.yaml: exempt {rule!r}: the rule is kept, take the exemption away"
            for rule in facts.said.exempt
            if rule not in broken
        ]
    return said


def main(arguments: Sequence[str]) -> int:
    """The process's exit code: 1 with a fault, or a page that is not true."""
    found = [facts_of(vendor) for vendor in vendors()]
    said = faults(found)
    for path, text in ((PAGE, written(found)), (ONCE_PAGE, once_table(found))):
        if "--write" in arguments:
            path.write_text(text, "utf-8")
        elif not path.exists() or path.read_text("utf-8") != text:
            said.append(f"{path.relative_to(ROOT)} is not true any more: python -m tests.quality --write")
    for one in said:
        print(one)
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
