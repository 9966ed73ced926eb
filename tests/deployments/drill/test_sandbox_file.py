"""The file that names a drill's accounts, what of a story fits on them, and the policy that it is played by."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from deployments.demo.policies import POLICY
from deployments.drill.accounts.fitting import NotOnAccounts, fitted, playable
from deployments.drill.accounts.journal import DrillJournal, JournalError, left_over
from deployments.drill.accounts.plan import DrillMarks
from deployments.drill.accounts.sandbox_file import SandboxFile, SandboxFileError, read_sandbox_file
from deployments.drill.accounts.scratch_policy import policy_of
from deployments.drill.stories import STORIES
from incidents.models import Contact, Ticket, TicketRef
from incidents.policy.file import parse_policy
from tests.incidents.builders import a_ticket

FILE = SandboxFile(helpdesk="zendesk/sandbox", pager="pagerduty/sandbox", pager_target="night")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("helpdesk: zendesk/sandbox", "pager: Field required"),
        ("helpdesk: zendesk\npager: pagerduty/x", "helpdesk: Value error, 'zendesk' is not a connection"),
        ("helpdesk: zendesk/x\npager: pagerduty/x\nchat: slack/x", "chat: Extra inputs"),
        ("helpdesk: zendesk/x\npager: pagerduty/x\ntickets: 1000", "tickets: Input should be less"),
        ("helpdesk: zendesk/x\npager: pagerduty/x\ncustomers: a b.org", "customers: Value error"),
        ("- a", "file: Input should be"),
        ("{", "is no YAML"),
    ],
)
def test_what_is_wrong_with_it(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "sandbox.yaml"
    path.write_text(text)
    with pytest.raises(SandboxFileError) as raised:
        read_sandbox_file(path)
    assert words in str(raised.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SandboxFileError, match="helpdesk: and pager:"):
        read_sandbox_file(tmp_path / "sandbox.yaml")


@pytest.mark.parametrize(
    ("story", "tickets", "comes_to"),
    [
        ("helpdesk-storm", 6, (6, 1)),
        ("webhooks-lost", 30, (12, 1)),
        ("wrong-alarm", 6, (3, 1)),
        ("many-services", 2, (2, 2)),
        ("many-services", 7, (6, 2)),
        ("many-services", 30, (24, 8)),
    ],
)
def test_what_fits(story: str, tickets: int, comes_to: tuple[int, int]) -> None:
    """Tickets and services; each service has one at least."""
    found = fitted(STORIES[story], tickets)
    assert (found.tickets, len(found.services)) == comes_to


def test_what_cannot_be_ordered() -> None:
    with pytest.raises(NotOnAccounts, match="cannot be ordered"):
        fitted(STORIES["pager-down"], 6)
    assert playable() == ["helpdesk-storm", "webhooks-lost", "wrong-alarm", "many-services"]


@pytest.mark.parametrize("name", playable())
def test_the_policy_knows_its_own_tickets_alone(name: str) -> None:
    """Whatever else is on the account goes nowhere, in whichever words; one helpdesk, one pager, nothing more."""
    story, marks = fitted(STORIES[name], 6), DrillMarks.fresh("example.org")
    base = yaml.safe_load(POLICY.read_text())
    policy = parse_policy(yaml.safe_dump(policy_of(base, story, FILE, marks)))
    uses = policy.connections()
    assert {"zendesk/sandbox", "pagerduty/sandbox"} < uses
    assert all(one.startswith("http/") for one in uses - {"zendesk/sandbox", "pagerduty/sandbox"})
    for number in range(1, story.tickets + 1):
        route = policy.route(a_drill_ticket(marks.subject(story, number)))
        assert route is not None
        assert route.service == story.services[(number - 1) % len(story.services)]
    other = DrillMarks(tag="liaison-drill-000000", customers="example.org")
    for subject in ("Checkout fails, and so does search", other.subject(story, 1)):
        route = policy.route(a_drill_ticket(subject))
        assert route is not None
        assert (route.ignored, route.service) == (True, None)


def a_drill_ticket(subject: str) -> Ticket:
    return a_ticket(
        ref=TicketRef(connection="zendesk/sandbox", id="1"),
        subject=subject,
        body="It worked before.",
        tags=(),
        requester=Contact(id="1", name="x", email="x@example.org"),
    )


def test_a_journal_is_there_until_it_is_dropped(tmp_path: Path) -> None:
    """Of a drill that began, with what was written down; a broken one is told, not passed over."""
    journal = DrillJournal.begun(
        tmp_path, DrillMarks.fresh("example.org"), "wrong-alarm", accounts=FILE, scratch=tmp_path / "x"
    )
    journal.tickets["[x 1]"] = "7"
    journal.keep(tmp_path)
    assert left_over(tmp_path) == [journal]
    journal.drop(tmp_path)
    assert left_over(tmp_path) == []
    (tmp_path / "drills" / "liaison-drill-abcdef.json").write_text("{}")
    with pytest.raises(JournalError, match="liaison-drill-abcdef"):
        left_over(tmp_path)
