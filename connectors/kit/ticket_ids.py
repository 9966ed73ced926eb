"""Which of the ids that a helpdesk is asked about can be its own, and an outcome for each that was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from incidents.models import ChangeOutcome, TicketOutcome


def plausible(ids: Iterable[str], id_from: Callable[[str], object | None]) -> list[str]:
    """Each id once, in order, without those that cannot be a ticket's: `id_from` makes None of them."""
    return [one for one in dict.fromkeys(ids) if id_from(one) is not None]


def for_each(ids: Iterable[str], outcomes: Sequence[TicketOutcome], *, otherwise: str) -> list[TicketOutcome]:
    """The outcome of each id, in their order; one that has none cannot be a ticket's, which `otherwise` says."""
    by_id = {outcome.id: outcome for outcome in outcomes}
    return [
        by_id.get(one) or TicketOutcome(id=one, outcome=ChangeOutcome.GONE, detail=otherwise) for one in ids
    ]
