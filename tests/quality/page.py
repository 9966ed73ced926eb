"""`connectors/QUALITY.md`: the scale as people read it, written from the facts."""

from __future__ import annotations

from collections.abc import Sequence

from tests.quality.facts import FILES, MOST_LINES, SECTIONS, Facts
from tests.quality.writes import LOST, MEANS, OF_A_REPLY, Protection

HEAD = f"""# Quality of the connectors

Written by `python -m tests.quality --write` from the connectors' code and tests; `make check` fails when it is not true
any more. A rule that does not hold for a vendor is named in its `quality.yaml`, with the reason.

| rule | what it says |
| --- | --- |
| files | each vendor has {", ".join(f"`{name}`" for name in FILES)}, and `webhook.py` where it hears webhooks |
| block | `blocks/<vendor>.py` makes it; it is found by its name, and no other file knows the vendor |
| contract | the suite of `tests/contracts/` runs for each of its capabilities |
| private notes | each helpdesk reads back whether customers see a note (`tests/contracts/private_notes.py`) |
| once | a test loses the answer to each write ([what makes it happen once](../docs/idempotency.md)) |
| held against | a real server or the vendor's own description |
| vectors | vectors prove its webhooks' scheme (`tests/connectors/kit/test_signature_vectors.py`) |
| limits | it keeps to a rate (`Pace`) |
| README | sections on {", ".join(SECTIONS.values())} |
| size | at most {MOST_LINES} lines of code without the fake, blank lines, comments and docstrings |
| fake | no module outside the fake imports it |
"""


def written(found: Sequence[Facts]) -> str:
    """The whole page."""
    return "\n".join([HEAD, *(_vendor(facts) for facts in found)]).rstrip() + "\n"


def _vendor(facts: Facts) -> str:
    said = facts.said
    lines = ", ".join(f"{count} {part}".strip() for part, count in facts.lines.items())
    rows = [
        ("capabilities", ", ".join(facts.capabilities)),
        ("contract suites", ", ".join(facts.contracts)),
        ("held against", "; ".join(f"{one.what} (`{one.by}`)" for one in said.held_against) or "–"),
        *([("webhooks", f"{said.webhook}; vectors: {said.vectors or '–'}")] if said.webhook else []),
        ("lines of code", lines),
        *((f"apart: {part}", why) for part, why in said.counts_apart.items()),
        *((f"exempt: {rule}", why) for rule, why in said.exempt.items()),
    ]
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    return f"## {facts.vendor}\n\n| | |\n| --- | --- |\n{table}\n"


ONCE = f"""# What happens once, and what a lost reply comes to

Written by `python -m tests.quality --write` from the ports and the connectors' `quality.yaml`; `make check` fails when
it is not true any more. Each row is a test in which the vendor does the work and its answer is lost; a row without one
fails the check. Such a fault can be had by hand: `liaison fakes --fault lost-reply` ([fakes.md](fakes.md)).

| protected by | what that is | a lost reply |
| --- | --- | --- |
{chr(10).join(f"| {one} | {MEANS[one]} | {LOST[one]} |" for one in Protection)}

A customer's message is sent at most once, whatever protects it: {OF_A_REPLY}. What the
ledger does with each kind of effect is in [architecture.md](architecture.md#the-effects-ledger).

| vendor | write | protected by | how | a lost reply | proven by |
| --- | --- | --- | --- | --- | --- |
"""


def once_table(found: Sequence[Facts]) -> str:
    """`docs/idempotency.md`: a row for each write of each vendor."""
    lines = [
        f"| {facts.vendor} | {row.capability}: {row.write} | {row.by or '?'} | {row.how or '–'} | {row.lost} |"
        f" {_named(row.test)} |"
        for facts in found
        for row in facts.writes
    ]
    return ONCE + "\n".join(lines) + "\n"


def _named(test: str) -> str:
    path, _, name = test.partition("::")
    return f"[`{name.rpartition('::')[2]}`](../{path})"
