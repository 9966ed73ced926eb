"""Tokens by which a helpdesk's sidebar app asks of its tickets: signed, for one helpdesk, good until their day, only to
read. `board.links_since` of the policy makes all older ones worthless, as it does links to the board.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from incidents.links.dated import DatedToken, dated_token, read_dated_token

PATH = "/sidebar/"
GOOD_FOR = timedelta(days=366)

_PURPOSE = "liaison sidebar v1"


def sidebar_token(
    operators_key: str, connection: str, *, now: datetime, good_for: timedelta = GOOD_FOR
) -> str:
    """What the app of this helpdesk shows."""
    return dated_token(operators_key, _PURPOSE, connection, now=now, good_for=good_for)


def read_sidebar_token(operators_key: str, token: str) -> DatedToken | None:
    """The helpdesk it is for, whether it is still good or not; None for one that is not ours."""
    return read_dated_token(operators_key, _PURPOSE, token)
