"""What a yes to a question would do: for whoever says it on the board, with neither ticket nor room before them."""

from __future__ import annotations

from incidents.approval import Approval, ApprovalSubject
from incidents.basis import Basis
from incidents.case import Case
from incidents.decisions.acting.major import major_question
from incidents.decisions.affected.listing import affected_preview
from incidents.decisions.participants.status_page import public_preview
from incidents.texts.team import worded, worded_count


def what_follows(case: Case, question: Approval, basis: Basis) -> str:
    """As of now: words that go out are made when they go out. Empty where the page says it otherwise."""
    if question.subject is ApprovalSubject.STATUS_PAGE:
        return worded("Everybody would read:\n{text}", text=public_preview(case, basis))
    if question.subject is ApprovalSubject.AFFECTED:
        return worded_count(
            "{count} customer who has not written would read:\n{text}",
            "{count} customers who have not written would read:\n{text}",
            len(case.affected),
            text=affected_preview(case, basis),
        )
    if question.subject is ApprovalSubject.MAJOR:
        asked = major_question(case, basis)
        return f"{asked[0].upper()}{asked[1:]}"
    return ""
