"""`liaison affected INC-7`: customers who are hit and have not written, and what they were told."""

from __future__ import annotations

from dataclasses import dataclass

from incidents.case import OPENING, outbound_lines
from incidents.decisions.affected.listing import wrote
from incidents.effects import EffectState
from incidents.store.cases import incident_number, load_case
from incidents.store.database import Database


@dataclass(frozen=True, kw_only=True)
class ListedCustomer:
    """`state` is what has become of the message to them, in a word, with the ticket that was opened for it; not told:
    nobody has allowed it, or not yet."""

    address: str
    name: str
    reason: str
    state: str


async def listed_customers(database: Database, name: str) -> list[ListedCustomer]:
    """By address. Raises `NotFound`."""
    async with database.transaction() as tx:
        case = await load_case(tx, incident_number(name))
    heard = wrote(case)
    found: list[ListedCustomer] = []
    for one in case.affected:
        lines = outbound_lines(case, one.mark, OPENING)
        states = {line.state for line in lines}
        told = sorted(states - {EffectState.DEAD}) or sorted(states)
        state = told[0].value if told else "not told"
        state += "".join(f", {line.connection}#{line.result}" for line in lines if line.result)
        state += ", has written" if one.address in heard else ""
        found.append(ListedCustomer(address=one.address, name=one.name, reason=one.reason, state=state))
    return found
