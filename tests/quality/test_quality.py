"""The quality scale notices what it is there to notice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from blocks.catalogue import OWN_BLOCKS
from incidents import ports
from tests.quality.__main__ import ONCE_PAGE, PAGE, faults
from tests.quality.facts import MOST_LINES, Facts, HeldAgainst, code_lines, facts_of, vendors
from tests.quality.page import once_table, written
from tests.quality.writes import loses_an_answer, rows_of

PAGER = facts_of("pagerduty")


def test_every_vendor_keeps_the_rules_and_the_page_is_true():
    """What `make check` runs."""
    found = [facts_of(vendor) for vendor in vendors()]
    assert faults(found) == []
    assert PAGE.read_text("utf-8") == written(found)
    assert ONCE_PAGE.read_text("utf-8") == once_table(found)


def test_every_vendor_is_found_by_its_block():
    """A new one is a folder, a block and tests: no list knows it."""
    assert list(OWN_BLOCKS) == vendors()


@pytest.mark.parametrize(
    ("worse", "rule"),
    [
        (replace(PAGER, missing_files=("settings.py",)), "files"),
        (replace(PAGER, has_webhook_file=False), "files"),
        (replace(PAGER, has_block=False), "block"),
        (
            replace(PAGER, contracts=("NotedPages", "WebhookSource", "WebhookSubscriptions")),
            "contract Pager",
        ),
        (replace(PAGER, said=PAGER.said.model_copy(update={"held_against": []})), "held against"),
        (
            replace(
                PAGER,
                said=PAGER.said.model_copy(
                    update={"held_against": [HeldAgainst(what="x", by="tests/gone.py")]}
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


ONCE = {"page": "key", "acknowledge": "state", "resolve": "state", "add_note": "marker, the last line"}


@pytest.mark.parametrize(
    ("once", "tests", "words"),
    [
        ({"Pager": {**ONCE, "page": "hope"}}, {}, "Pager.page: quality.yaml's `once` says 'hope'"),
        ({"Pager": {**ONCE, "page": ""}}, {}, "Pager.page: quality.yaml's `once` says ''"),
        ({"Pager": {**ONCE, "ring": "key"}}, {}, "Pager.ring is no write of it"),
        ({"Pager": ONCE, "ChatRoom": {"post": "key"}}, {}, "ChatRoom.post is no write of it"),
        (
            {"Pager": ONCE},
            {"Pager": "tests/gone.py::test_x"},
            "tests/gone.py::test_x is not there, or loses no",
        ),
        (
            {"Pager": ONCE},
            {"Pager": "tests/contracts/pager.py::PagerContract::test_check"},
            "test_check is not there, or loses no answer",
        ),
    ],
)
def test_a_write_without_protection_or_proof_is_named(
    once: dict[str, dict[str, str]], tests: dict[str, str], words: str
):
    """A row that nobody thought about, one that is no write, and one whose test loses no answer."""
    said = PAGER.said.model_copy(update={"once": once, "once_tests": tests})
    assert any(rule == "once" and words in how for rule, how in replace(PAGER, said=said).broken())


def test_a_write_that_is_left_out_is_named():
    said = PAGER.said.model_copy(update={"once": {"Pager": {"page": "key"}}})
    named = [how.partition(":")[0] for _, how in replace(PAGER, said=said).broken()]
    assert named == ["Pager.acknowledge", "Pager.resolve", "Pager.add_note"]


def test_states_need_a_suite_of_their_own():
    """Else the row would name a test that nobody runs for this vendor."""
    helpdesk = facts_of("zendesk")
    without = replace(helpdesk, contracts=tuple(one for one in helpdesk.contracts if one != "TicketStates"))
    assert [how for _, how in without.broken() if "TicketStatesContract" in how]


def test_every_write_of_every_port_has_a_test_that_loses_its_answer():
    """Also of a port that no vendor has yet."""
    every = [name for name, one in vars(ports).items() if getattr(one, "_is_protocol", False)]
    rows = rows_of((*every, "StatusPage"), {}, {})
    assert len(rows) == 20
    assert [row for row in rows if not loses_an_answer(row.test)] == []


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
