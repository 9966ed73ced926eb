"""Single values out of a stranger's JSON: found, checked and made ours, or refused by the path's name.

Null and the empty text count as missing everywhere: exports and spreadsheets do not know the difference.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any, TypeVar

from connectors.http.fields import steps
from incidents.errors import Unrecognised

MAX_VERSION = 2**63 - 1
MAX_COUNT = 2**31 - 1

_WHOLE = re.compile(r"-?[0-9]{1,19}")
_INDEX = re.compile(r"-?[0-9]{1,6}")
_FLAGS = {
    "true": True, "yes": True, "public": True, "1": True,
    "false": False, "no": False, "private": False, "0": False,
}  # fmt: skip

Word = TypeVar("Word")


class Place:
    """One configured path or constant, split once and read often."""

    __slots__ = ("_constant", "_steps", "source")

    def __init__(self, source: str | None) -> None:
        self.source = source or ""
        self._constant = source[1:] if source is not None and source.startswith("=") else None
        # A step is a key in an object and, if it looks like one, an index into a list (-1 is the last).
        self._steps = tuple(
            (key, int(key) if _INDEX.fullmatch(key) else None)
            for key in (steps(self.source) if self._constant is None else ())
        )

    def find(self, payload: Any) -> Any:
        """What is there, or None."""
        if not self._steps:
            return self._constant
        found = payload
        for key, index in self._steps:
            if isinstance(found, dict):
                found = found.get(key)
            elif isinstance(found, list) and index is not None and -len(found) <= index < len(found):
                found = found[index]
            else:
                return None
        return None if found == "" else found

    def text(self, payload: Any) -> str | None:
        """A text, or a number as one."""
        found = self.find(payload)
        if isinstance(found, str):
            return found.strip() or None
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise Unrecognised(f"{self.source} is not a text")
        return str(found)

    def required(self, payload: Any) -> str:
        """The text that is there. Raises `Unrecognised` where there is none."""
        found = self.text(payload)
        if found is None:
            raise Unrecognised(f"{self.source} is missing")
        return found

    def whole(self, payload: Any, *, largest: int) -> int | None:
        """The whole number that is there, also if written as a text, or None. Raises `Unrecognised` for anything
        else and for what is further from zero than `largest`: a database's column has an end.
        """
        found = self.find(payload)
        if isinstance(found, str) and _WHOLE.fullmatch(found):
            found = int(found)
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(found, int) or abs(found) > largest:
            raise Unrecognised(f"{self.source} is not a whole number that we can keep")
        return found

    def time(self, payload: Any, zone: tzinfo) -> datetime | None:
        """An ISO 8601 time in UTC; one that names no zone is read in `zone`."""
        found = self.find(payload)
        if found is None:
            return None
        try:
            time = datetime.fromisoformat(found)
            return (time if time.tzinfo is not None else time.replace(tzinfo=zone)).astimezone(UTC)
        except (TypeError, ValueError, OverflowError) as error:
            raise Unrecognised(f"{self.source} is not an ISO 8601 time") from error

    def flag(self, payload: Any) -> bool | None:
        """Yes or no, by the words people use for it, or None where there is nothing. Raises `Unrecognised` for
        other words.
        """
        found = self.find(payload)
        if found is None or isinstance(found, bool):
            return found
        try:
            return _FLAGS[str(found).strip().casefold()]
        except KeyError as error:
            raise Unrecognised(f"{self.source} is neither true nor false") from error

    def texts(self, payload: Any) -> tuple[str, ...]:
        """A list of texts, or one text with commas."""
        found = self.find(payload)
        if found is None:
            return ()
        parts = found.split(",") if isinstance(found, str) else found
        if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
            raise Unrecognised(f"{self.source} is not a list of texts")
        return tuple(word for part in parts if (word := part.strip()))

    def word(self, payload: Any, words: Mapping[str, Word], default: Word | None) -> Word:
        """The meaning of a required word, in any case."""
        found = words.get(self.required(payload).casefold(), default)
        if found is None:
            raise Unrecognised(f"{self.source} has a word that no map or default explains")
        return found
