"""Text for colleagues and text for customers cannot be mixed up: mypy refuses it, and both are made in few places."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PRODUCT = ("incidents", "insights", "connectors", "blocks", "tasks", "flows", "deployments")
MADE_IN = {
    "PublicText": {
        "incidents/texts/messages.py": "from a customer template that the policy was checked with",
        "incidents/decisions/participants/status_page.py": "from the public templates: title and first words",
        "incidents/store/status_record.py": "read again as it was said in public",
        "connectors/staticpage/mapping.py": "public already; what cannot be shown is taken out",
        "deployments/commands/first_hour/trials/people.py": "our own words that it is a test, to whom the user names",
    },
    "InternalText": {"incidents/texts/messages.py": "visible, and of bearable length"},
}
_START = """
from datetime import datetime
from incidents.effects import CustomerText, NoteText, PublicSaying, customer_message, ticket_note
from incidents.models import Contact, InternalText, PublicText, TicketChange, TicketRef
from incidents.ports import IssueTracker, Mailbox
from incidents.public_incident import PublicState
from incidents.status_page import StatusPage
from incidents.texts.messages import internal

note: InternalText = internal("the payment provider is down")
words: str = "anybody's words"
ref = TicketRef(connection="zendesk/support", id="7")


async def mix(page: StatusPage, mailbox: Mailbox, tracker: IssueTracker, reply: PublicText, to: Contact) -> None:
"""
MIXED = {
    "a note for a reply": "TicketChange(public_reply=note)",
    "any words for a reply": "TicketChange(public_reply=words)",
    "a note for a message": 'customer_message(1, ref, "once", note, "9")',
    "any words for a message": 'customer_message(1, ref, "once", words, "9")',
    "a note for a message's payload": 'CustomerText(text=note, recipient="9")',
    "a note for the public": 'PublicSaying(opening="key", text=note, state=PublicState.IDENTIFIED)',
    "a note on the status page": 'await page.post_update("1", note, PublicState.IDENTIFIED, once="1")',
    "any words on the status page": 'await page.resolve("1", words, once="1")',
    "a note by mail": 'await mailbox.send(to, reply, note, once="1")',
    "a note for a subject": 'await mailbox.send(to, note, reply, once="1")',
    "a reply for a note": "TicketChange(private_note=reply)",
    "any words for a note": 'ticket_note(1, ref, "once", words)',
    "any words on an issue": 'await tracker.comment("1", words, once="1")',
    "a note that is called a reply": "wrong: PublicText = note",
}
RIGHT = (
    "TicketChange(public_reply=reply)",
    "TicketChange(private_note=note)",
    'customer_message(1, ref, "once", reply, "9")',
    "NoteText(text=note)",
    'await mailbox.send(to, reply, reply, once="1")',
    'await tracker.comment("1", note, once="1")',
)


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> dict[int, str]:
    """What mypy says of each line of all that mixes, and of what does not, by its number."""
    lines = [*_START.splitlines(), *(f"    {one}" for one in (*MIXED.values(), *RIGHT))]
    file = tmp_path_factory.mktemp("mixed") / "mixed.py"
    file.write_text("\n".join(lines) + "\n")
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "mypy", "--cache-dir", str(ROOT / ".mypy_cache" / "mixed"), str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    found = [line.split(":", 2) for line in done.stdout.splitlines() if ": error: " in line]
    assert found, done.stdout + done.stderr
    assert {Path(name).name for name, *_ in found} == {"mixed.py"}, done.stdout
    return {int(number): text for _, number, text in found}


def _line_of(statement: str) -> int:
    return len(_START.splitlines()) + [*MIXED.values(), *RIGHT].index(statement) + 1


@pytest.mark.parametrize("what", MIXED)
def test_mypy_refuses(refused: dict[int, str], what: str):
    assert "incompatible type" in refused.get(_line_of(MIXED[what]), "").casefold()


def test_mypy_takes_what_is_right(refused: dict[int, str]):
    """Else a mistake in the file above would pass for a refusal."""
    assert not [refused[_line_of(one)] for one in RIGHT if _line_of(one) in refused]


@pytest.mark.parametrize("name", MADE_IN)
def test_they_are_made_where_it_was_thought_about(name: str):
    """A call of the type, or a cast to it, would turn any words into what customers read."""
    found: dict[str, int] = {}
    for path in (path for folder in PRODUCT for path in (ROOT / folder).rglob("*.py")):
        for _ in _making(ast.parse(path.read_text("utf-8")), name):
            found[str(path.relative_to(ROOT))] = 1
    assert set(found) == set(MADE_IN[name])


def _making(tree: ast.Module, name: str) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        is_cast = isinstance(node.func, ast.Name) and node.func.id == "cast"
        named = [node.func, *(node.args[:1] if is_cast else ())]
        if any(_is(one, name) for one in named):
            yield node


def _is(node: ast.AST, name: str) -> bool:
    if isinstance(node, ast.Constant):
        return node.value == name
    return (
        isinstance(node, ast.Name | ast.Attribute) and getattr(node, "id", getattr(node, "attr", "")) == name
    )


def test_no_mixing_is_silenced():
    """`type: ignore` beside an argument or an assignment would undo all of the above."""
    silenced = [
        f"{path.relative_to(ROOT)}:{number}"
        for folder in PRODUCT
        for path in (ROOT / folder).rglob("*.py")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if re.search(r"type: ignore(?!\[)|type: ignore\[[^]]*(?:assignment|arg-type|return-value)", line)
    ]
    assert silenced == []
