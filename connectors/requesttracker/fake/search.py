"""As much of RT's TicketSQL as the connector speaks: comparisons, AND, OR and brackets."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable

from connectors.requesttracker.fake.desk import FakeDesk, StoredTicket, StoredUser

Test = Callable[[StoredTicket], bool]
_TOKEN = re.compile(r"\s*(\(|\)|AND\b|OR\b|>=|<=|!=|=|>|<|'(?:[^'\\]|\\.)*'|[\w.]+)")
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


class BadQuery(ValueError):
    """RT answers 400."""


def search(desk: FakeDesk, user: StoredUser, query: str) -> list[StoredTicket]:
    """The tickets found: deleted, merged and restricted ones are in no search, whatever is asked."""
    tokens = _tokens(query)
    test = _either(desk, user, tokens)
    if tokens:
        raise BadQuery(f"unexpected {tokens[0]!r}")
    return [
        ticket
        for ticket in desk.tickets.values()
        if ticket.status != "deleted"
        and ticket.effective_id == ticket.id
        and not ticket.is_restricted
        and test(ticket)
    ]


def _tokens(query: str) -> list[str]:
    found: list[str] = []
    position = 0
    while query[position:].strip():
        match = _TOKEN.match(query, position)
        if match is None:
            raise BadQuery(query[position:])
        found.append(match[1])
        position = match.end()
    return found


def _either(desk: FakeDesk, user: StoredUser, tokens: list[str]) -> Test:
    tests = [_both(desk, user, tokens)]
    while tokens and tokens[0] == "OR":
        tokens.pop(0)
        tests.append(_both(desk, user, tokens))
    return lambda ticket: any(test(ticket) for test in tests)


def _both(desk: FakeDesk, user: StoredUser, tokens: list[str]) -> Test:
    tests = [_one(desk, user, tokens)]
    while tokens and tokens[0] == "AND":
        tokens.pop(0)
        tests.append(_one(desk, user, tokens))
    return lambda ticket: all(test(ticket) for test in tests)


def _one(desk: FakeDesk, user: StoredUser, tokens: list[str]) -> Test:
    if len(tokens) < 3:
        raise BadQuery("too short")
    if tokens[0] == "(":
        tokens.pop(0)
        test = _either(desk, user, tokens)
        if not tokens or tokens.pop(0) != ")":
            raise BadQuery("a bracket is open")
        return test
    name, compared, value = tokens.pop(0), _COMPARE[tokens.pop(0)], tokens.pop(0).strip("'")
    if name == "LastUpdated":
        asked = desk.time_asked(value, user).timestamp()
        return lambda ticket: compared(ticket.updated_at.timestamp(), asked)
    if name == "id":
        return lambda ticket: compared(ticket.id, float(value))
    if name == "Queue":
        return lambda ticket: compared(ticket.queue == value, True)
    raise BadQuery(name)
