"""What makes each write of each connector happen once, and what a lost reply comes to: docs/idempotency.md.

Which writes there are is read from the ports: every method that takes `once` and changes something. What protects a
write stands in the vendor's `quality.yaml` (`once`), and must be said for each; what proves it is a test of the
contract suites in which the answer is lost after the vendor did the work, and the vendor's tests must run that suite.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from incidents import ports, status_page
from incidents.alerts import acknowledging

ROOT = Path(__file__).parents[2]
CHANGES = ("reply", "note", "status", "tags")
"""What a helpdesk's `update` may be."""
_LOOK_UPS = ("find", "was_")
_LOSES = ("DROP_REPLY", "ERROR_AFTER_WORK", "lose_", "@LOST", "httpx.Response(502)")


class Protection(StrEnum):
    """What makes a write happen once."""

    KEY = "key"
    MARKER = "marker"
    STATE = "state"
    VERSION = "version"
    OWN_ROW = "own row"
    AT_MOST_ONCE = "at most once"
    NOTHING = "nothing"
    NEVER = "never sent"


MEANS = {
    Protection.KEY: "the vendor knows a key of ours",
    Protection.MARKER: "the vendor keeps a mark of ours, which is looked up",
    Protection.STATE: "it says how the object shall be",
    Protection.VERSION: "it names the version that was read, and the vendor refuses it for another one",
    Protection.OWN_ROW: "a row in our own store",
    Protection.AT_MOST_ONCE: "nothing at the vendor, so it is sent a single time",
    Protection.NOTHING: "nothing at the vendor that we know of, and missing it is worse than reading it twice",
    Protection.NEVER: "the vendor has no such write",
}
LOST = {
    Protection.KEY: "sent again with the same key: done once",
    Protection.MARKER: "looked up by the mark; sent again only where it is not found",
    Protection.STATE: "set again: twice is as once",
    Protection.VERSION: "read again; where it is not there, sent again with the new version",
    Protection.OWN_ROW: "the row is there or not: read, and written where it is not",
    Protection.AT_MOST_ONCE: "not sent again",
    Protection.NOTHING: "sent again: it may be there twice",
    Protection.NEVER: "–",
}
OF_A_REPLY = "looked up by the mark; where it is not found, a person decides"
_TESTS = {
    ("Helpdesk", "reply"): ("Helpdesk", "test_lost_answer"),
    ("Helpdesk", "note"): ("Helpdesk", "test_lost_answer"),
    ("Helpdesk", "status"): ("TicketStates", "test_lost_answer_to_a_state"),
    ("Helpdesk", "tags"): ("TicketStates", "test_lost_answer_to_a_state"),
    ("Pager", "page"): ("Pager", "test_lost_reply_to_a_page"),
    ("Pager", "acknowledge"): ("Pager", "test_lost_reply_to_an_acknowledgement"),
    ("Pager", "resolve"): ("Pager", "test_lost_reply_to_a_resolution"),
    ("Pager", "add_note"): ("Pager", "test_lost_reply_to_a_note"),
    ("ChatRoom", "open_room"): ("ChatRoom", "test_open_room_survives_a_lost_answer"),
    ("ChatRoom", "post"): ("ChatRoom", "test_lost_answer_is_looked_up"),
    ("ChatRoom", "answer"): ("ChatRoom", "test_lost_answer_to_an_answer"),
    ("ChatRoom", "edit"): ("ChatRoom", "test_lost_answer_to_an_edit"),
    ("AlertAcknowledger", "acknowledge_alert"): ("AlertAcknowledger", "test_a_lost_answer"),
    ("AlertAcknowledger", "unacknowledge_alert"): ("AlertAcknowledger", "test_a_lost_answer"),
    ("IssueTracker", "open_issue"): ("IssueTracker", "test_a_lost_answer_opens_no_second_issue"),
    ("IssueTracker", "comment"): ("IssueTracker", "test_a_lost_answer_to_a_comment"),
    ("IssueTracker", "transition"): ("IssueMoves", "test_a_lost_answer_to_a_transition"),
    ("StatusPage", "open"): ("StatusPage", "test_a_lost_reply"),
    ("StatusPage", "post_update"): ("StatusPage", "test_a_lost_reply_to_an_update"),
    ("StatusPage", "resolve"): ("StatusPage", "test_a_lost_reply"),
    ("Mailbox", "send"): ("Mailbox", "test_a_lost_answer"),
    ("ActionRunner", "run"): ("ActionRunner", "test_lost_reply"),
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One write of one vendor. `said` is `key, dedup_key`: what protects it, and how; None where nobody said.
    `test` is the path and name of the test that loses its answer."""

    capability: str
    write: str
    said: str | None
    test: str

    @property
    def by(self) -> Protection | None:
        """What protects it, None where that is not one of ours."""
        word = (self.said or "").partition(",")[0].strip()
        return Protection(word) if word in list(Protection) else None

    @property
    def how(self) -> str:
        """The vendor's own way."""
        return (self.said or "").partition(",")[2].strip()

    @property
    def lost(self) -> str:
        """What happens when its answer is lost after the vendor did it."""
        if (self.capability, self.write, self.by) == ("Helpdesk", "reply", Protection.MARKER):
            return OF_A_REPLY
        if (self.capability, self.write, self.by) == ("Helpdesk", "reply", Protection.AT_MOST_ONCE):
            return "not sent again: a person decides"
        return LOST[self.by] if self.by is not None else "nobody said"


def rows_of(
    capabilities: tuple[str, ...], said: Mapping[str, Mapping[str, str]], own_tests: Mapping[str, str]
) -> list[Row]:
    """A row for each write of the capabilities. `own_tests` are a vendor's instead of a suite's, by capability."""
    return [
        Row(
            capability=capability,
            write=write,
            said=said.get(capability, {}).get(write),
            test=own_tests.get(capability) or _suites_test(capability, write),
        )
        for capability in capabilities
        for write in writes_of(capability)
    ]


def unproven(
    rows: list[Row],
    contracts: tuple[str, ...],
    said: Mapping[str, Mapping[str, str]],
    own_tests: Mapping[str, str],
) -> Iterator[str]:
    """What is wrong with them: nothing said, a word that is none of ours, a test that is not there or not run."""
    for row in rows:
        name = f"{row.capability}.{row.write}"
        if row.by is None:
            yield f"{name}: quality.yaml's `once` says {row.said!r}; begin with one of {', '.join(Protection)}"
        elif not loses_an_answer(row.test):
            yield f"{name}: {row.test or 'no test'} is not there, or loses no answer"
        elif row.capability not in own_tests:
            suite = _TESTS[(row.capability, row.write)][0]
            # That the capability's own suite is run is a rule of its own.
            if suite not in (row.capability, *contracts):
                yield f"{name}: no test of its own runs {suite}Contract"
    known = {(row.capability, row.write) for row in rows}
    for capability, writes in said.items():
        for write in writes:
            if (capability, write) not in known:
                yield f"{capability}.{write} is no write of it: take it out of `once`"


@cache
def writes_of(capability: str) -> tuple[str, ...]:
    """The methods of a port that take `once` and change something; what `update` may be."""
    port = next(
        found for one in (ports, status_page, acknowledging) if (found := getattr(one, capability, None))
    )
    found = tuple(
        name
        for name, method in vars(port).items()
        if inspect.isfunction(method)
        and "once" in inspect.signature(method).parameters
        and not name.startswith(_LOOK_UPS)
    )
    return CHANGES if found == ("update",) else found


def _suites_test(capability: str, write: str) -> str:
    suite, test = _TESTS.get((capability, write), ("", ""))
    path = _suites().get(suite)
    return f"{path}::{suite}Contract::{test}" if path is not None else ""


@cache
def _suites() -> Mapping[str, str]:
    """Where each contract suite is, by its name without "Contract"."""
    return {
        node.name.removesuffix("Contract"): str(path.relative_to(ROOT))
        for path in sorted((ROOT / "tests/contracts").glob("*.py"))
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.ClassDef) and node.name.endswith("Contract")
    }


@cache
def loses_an_answer(test: str) -> bool:
    """Whether the test is there, and lets an answer be lost after the work was done."""
    path, *names = test.split("::")
    file = ROOT / path
    if not path or not names or not file.is_file():
        return False
    source = file.read_text("utf-8")
    body: list[ast.stmt] = ast.parse(source).body
    for name in names:
        found = [one for one in body if getattr(one, "name", None) == name]
        if not found:
            return False
        body = getattr(found[0], "body", [])
    node = found[0]
    first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))])
    text = "\n".join(source.splitlines()[first - 1 : node.end_lineno])
    return any(word in text for word in _LOSES)
