"""One change on many tickets at a vendor that takes them one by one: an outcome for each, nothing done forgotten."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from incidents.errors import Exposed, LiaisonError, NotAllowed, NotFound, Refused, Unknown
from incidents.fan_out.standing_back import standing_back
from incidents.models import ChangeOutcome, TicketOutcome


async def one_by_one(
    ids: Sequence[str], change: Callable[[str], Awaitable[TicketOutcome]]
) -> list[TicketOutcome]:
    """Change each ticket once, in order; an outcome for each id, in the order asked for.

    `change` raises `NotFound`, `Exposed` and `Refused` where they concern that one ticket: these are outcomes.
    `Unknown` is one, too, and the next ticket has its turn. What says something of the whole server (`Busy`,
    `Unreachable`, `NotAllowed`) ends the round: the others are `later`. Raises the failure if not one ticket was done,
    refused or found gone. Their calls let those go first that read what nobody knows yet.
    """
    outcomes: dict[str, TicketOutcome] = {}
    unknown: LiaisonError | None = None
    failure: LiaisonError | None = None
    for one in dict.fromkeys(ids):
        if failure is not None:
            outcomes[one] = TicketOutcome(id=one, outcome=ChangeOutcome.LATER, detail=str(failure))
            continue
        try:
            with standing_back():
                outcomes[one] = await change(one)
        except NotFound as error:
            outcomes[one] = TicketOutcome(id=one, outcome=ChangeOutcome.GONE, detail=str(error))
        except Exposed as error:
            outcomes[one] = TicketOutcome(id=one, outcome=ChangeOutcome.EXPOSED, detail=str(error))
        except Unknown as error:
            unknown = error
            outcomes[one] = TicketOutcome(id=one, outcome=ChangeOutcome.UNKNOWN, detail=str(error))
        except LiaisonError as error:
            if isinstance(error, Refused) and not isinstance(error, NotAllowed):
                outcomes[one] = TicketOutcome(id=one, outcome=ChangeOutcome.REFUSED, detail=str(error))
            else:
                failure = error
                outcomes[one] = TicketOutcome(id=one, outcome=ChangeOutcome.LATER, detail=str(error))
    open_ones = (ChangeOutcome.LATER, ChangeOutcome.UNKNOWN)
    # That something may have been done outweighs that something surely was not.
    if (worst := unknown or failure) and all(found.outcome in open_ones for found in outcomes.values()):
        raise worst
    return [outcomes[one] for one in ids]
