"""What a drill will write where: said before anything is, and agreed to by typing."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from deployments.drill.accounts.admission import SandboxAccounts
from deployments.drill.stories import DrillStory
from incidents.errors import LiaisonError
from incidents.models import Contact


class NotAgreed(LiaisonError):
    """Nobody said yes, so nothing was written."""


@dataclass(frozen=True, kw_only=True)
class DrillMarks:
    """How everything of one drill is known again: by a word in the subject, which is the tag as well."""

    tag: str
    customers: str

    @classmethod
    def fresh(cls, customers: str) -> DrillMarks:
        """Of a drill that is about to begin."""
        return cls(tag=f"liaison-drill-{secrets.token_hex(3)}", customers=customers)

    def subject(self, story: DrillStory, number: int) -> str:
        """The first is 1."""
        return f"{story.subject_of(number - 1)} [{self.tag} {number}]"

    def customer(self, number: int) -> Contact:
        """An invented one."""
        return Contact(
            id="", name=f"Drill Customer {number}", email=f"drill-customer-{number}@{self.customers}"
        )


def plan_lines(
    story: DrillStory, accounts: SandboxAccounts, marks: DrillMarks, *, looked_at: Sequence[str]
) -> list[str]:
    """For people. `looked_at` are the files of the policies that were looked at for the same accounts."""
    file = accounts.file
    pages = len(story.services) if story.is_real else 0
    notes = (
        "private notes and tags" if not story.is_real else "private notes, tags and about two public replies"
    )
    mails = "" if not story.is_real else ", which the helpdesk may mail"
    first, last = marks.customer(1).email, marks.customer(story.tickets).email
    return [
        f"{story.name}, as {marks.tag}, writes to accounts of your own:",
        f"  {file.helpdesk}: {accounts.who[file.helpdesk]}",
        f"    opens {story.tickets} tickets with [{marks.tag} 1] and so on in the subject, of {first} to {last}",
        f"    Liaison writes {notes} on each{mails}",
        f"  {file.pager}: {accounts.who[file.pager]}",
        f"    {_pages(pages, file.pager_target)}",
        "  at the end tickets are solved and pages resolved; what cannot be taken back is told",
        *(
            [f"  no account of these is used by {', '.join(looked_at)}"]
            if looked_at
            else ["  NO POLICY IN FORCE WAS FOUND HERE: nobody looked whether these accounts do real work"]
        ),
    ]


def require_yes(file_helpdesk: str, *, is_agreed: bool, ask: Callable[[str], str]) -> None:
    """Raises `NotAgreed` unless it was agreed to before, or the helpdesk's connection is typed now."""
    if is_agreed:
        return
    if ask(f"type {file_helpdesk} to play it there: ").strip() != file_helpdesk:
        raise NotAgreed("nothing was written: nobody typed the connection's name (or give --yes)")


def _pages(count: int, target: str) -> str:
    whom = f"target {target}" if target else "the connection's default target"
    if count == 0:
        return "no page may go out; one that does wakes " + whom
    return f"{count} {'page' if count == 1 else 'pages'} to {whom}: WHOEVER IS ON CALL THERE IS WOKEN"
