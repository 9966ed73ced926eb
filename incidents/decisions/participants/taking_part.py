"""What every plan means for those who take part besides helpdesk, on-call tool and chat."""

from __future__ import annotations

from incidents.basis import Basis
from incidents.case import Case, Plan
from incidents.decisions.acting.asking import with_actions
from incidents.decisions.acting.major import with_major
from incidents.decisions.affected.telling import with_affected
from incidents.decisions.participants.issue import with_issue
from incidents.decisions.participants.status_page import with_status_page


def with_participants(case: Case, plan: Plan, basis: Basis) -> Plan:
    """The plan, with what it means for them, for what waits for a yes, and for customers who have not written. `case`
    is as it was before it."""
    told = with_affected(
        case, with_status_page(case, with_actions(case, with_major(case, plan, basis), basis), basis), basis
    )
    return with_issue(case, told, basis)
