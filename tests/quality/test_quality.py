"""The quality scale notices what it is there to notice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from blocks.catalogue import OWN_BLOCKS
from tests.quality.__main__ import PAGE, faults
from tests.quality.facts import MOST_LINES, Facts, HeldAgainst, Quality, code_lines, facts_of, vendors
from tests.quality.page import written

PAGER = facts_of("pagerduty")


def test_every_vendor_keeps_the_rules_and_the_page_is_true():
    """What `make check` runs."""
    found = [facts_of(vendor) for vendor in vendors()]
    assert faults(found) == []
    assert PAGE.read_text("utf-8") == written(found)


def test_every_vendor_is_found_by_its_block():
    """A new one is a folder, a block and tests: no list knows it."""
    assert list(OWN_BLOCKS) == vendors()


@pytest.mark.parametrize(
    ("worse", "rule"),
    [
        (replace(PAGER, missing_files=("settings.py",)), "files"),
        (replace(PAGER, has_webhook_file=False), "files"),
        (replace(PAGER, has_block=False), "block"),
        (replace(PAGER, contracts=("WebhookSource", "WebhookSubscriptions")), "contract Pager"),
        (replace(PAGER, said=Quality(webhook="x", vectors="pd.v1")), "held against"),
        (
            replace(
                PAGER,
                said=Quality(
                    webhook="x", vectors="pd.v1", held_against=[HeldAgainst(what="x", by="tests/gone.py")]
                ),
            ),
            "held against",
        ),
        (replace(PAGER, said=PAGER.said.model_copy(update={"vectors": None})), "vectors"),
        (replace(PAGER, said=PAGER.said.model_copy(update={"vectors": "none.such"})), "vectors"),
        (replace(PAGER, has_pace=False), "limits"),
        (replace(PAGER, missing_sections=("its limits",)), "README"),
        (replace(PAGER, lines={"": MOST_LINES + 1}), "size"),
        (replace(PAGER, lines={"": 1, "apart": MOST_LINES + 1}), "size"),
        (replace(PAGER, fake_imports=("connectors/pagerduty/connector.py",)), "fake"),
        (replace(PAGER, is_in_readme=False), "vendors' table"),
    ],
)
def test_a_rule_that_is_broken_is_named_and_can_be_exempt_with_a_reason(worse: Facts, rule: str):
    """And an exemption that nothing needs is a fault as well."""
    assert [rule for rule, _ in worse.broken()] == [rule]
    (said,) = faults([worse])
    assert f": {rule}: " in said
    exempt = worse.said.model_copy(update={"exempt": {rule: "a good reason"}})
    assert faults([replace(worse, said=exempt)]) == []
    (needless,) = faults([replace(PAGER, said=PAGER.said.model_copy(update={"exempt": {rule: "why"}}))])
    assert "take the exemption away" in needless


def test_only_code_is_counted():
    """Comments, blank lines and docstrings cost nothing; a text over three lines is three."""
    source = '''"""Doc
string."""

# why
import os  # one


def f():
    """One line."""
    return """a
    b
    c"""
'''
    assert code_lines(source) == 5
