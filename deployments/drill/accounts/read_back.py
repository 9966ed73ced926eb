"""What a drill came to, by the ledger and by what the accounts show: what only one of them has does not count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from deployments.drill.accounts.admission import DrillDesk, DrillPager
from deployments.drill.accounts.patience import patiently
from deployments.drill.score import DrillFacts
from incidents.models import Author
from incidents.promises.updates import count_promises
from incidents.review.facts import ReviewFacts


async def read_back(
    found: Sequence[ReviewFacts],
    desk: DrillDesk,
    pager: DrillPager,
    *,
    seconds_to_page: float | None,
    since: datetime,
    say: Callable[[str], None],
) -> DrillFacts:
    """A page counts that the pager shows; a customer is told whose last message the ledger has, and whose ticket shows
    public words of ours."""
    keys = [key for one in found for key in one.case.page_keys]
    pages = [await patiently("the pager", partial(pager.read, key), say) for key in keys]
    told = twice = 0
    for one in found:
        for linked in one.case.tickets:
            ticket = linked.ticket
            comments = await patiently("the helpdesk", partial(desk.comments, ticket, since), say)
            said = Counter(
                comment.text.strip()
                for comment in comments
                if comment.is_public and comment.author is Author.LIAISON
            )
            told += bool(said) and ticket.ref in one.told_at_the_end
            twice += any(count > 1 for count in said.values())
    updates = [count_promises(one.case.updates) for one in found]
    return DrillFacts(
        incidents=len(found),
        pages=sum(page is not None for page in pages),
        seconds_to_page=seconds_to_page,
        customers_told=told,
        customers_told_twice=twice,
        promises_kept=sum(one.kept for one in updates) + sum(one.sla.kept for one in found),
        promises_broken=sum(one.broken for one in updates) + sum(one.sla.broken for one in found),
    )
