"""Ids of records: 15 characters that differ by case, or 18 that do not, of which the last three are a check.

https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/field_types.htm (ID Field Type). Both name the same
record, and calls answer with 18: these are what we keep.
"""

from __future__ import annotations

import re

ORGANIZATION, CASE, COMMENT, USER, CONTACT = "00D", "500", "00a", "005", "003"
"""What the ids of an object's records begin with."""
_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Z0-5]{3})?", re.ASCII)
_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def id_of(value: object, prefix: str) -> str | None:
    """The id of 18 characters, or None for what cannot be one of such a record: ids go into queries and paths."""
    if not isinstance(value, str) or not _ID.fullmatch(value) or not value.startswith(prefix):
        return None
    whole = value[:15] + check_of(value[:15])
    # Somebody wrote it in capitals, say.
    return whole if len(value) == 15 or value == whole else None


def case_id(value: object) -> str | None:
    """The same of a case."""
    return id_of(value, CASE)


def check_of(short: str) -> str:
    """The last three characters: which letters of each five are capitals."""
    return "".join(
        _DIGITS[
            sum(1 << place for place, letter in enumerate(short[start : start + 5]) if "A" <= letter <= "Z")
        ]
        for start in (0, 5, 10)
    )
