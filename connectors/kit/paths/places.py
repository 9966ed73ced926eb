"""Single values out of a stranger's JSON: found, checked and made ours, or refused by the path's name.

Null and the empty text count as missing everywhere: exports and spreadsheets do not know the difference.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import Enum
from typing import Any, Protocol, TypeVar

from connectors.kit.fields import items
from connectors.kit.paths.grammar import alternatives, is_joined, pieces, steps
from connectors.kit.paths.times import time_of
from incidents.errors import Unrecognised

MAX_VERSION = 2**63 - 1
MAX_COUNT = 2**31 - 1
MAX_FOUND = 1000
"""Values of one path with stars: a ticket has tens of tags, not thousands."""

_WHOLE = re.compile(r"-?[0-9]{1,19}")
_INDEX = re.compile(r"-?[0-9]{1,6}")
_FLAGS = {
    "true": True, "yes": True, "public": True, "external": True, "comment": True, "reply": True, "1": True,
    "false": False, "no": False, "private": False, "internal": False, "note": False, "0": False,
}  # fmt: skip
_ABOUT_AGENTS = frozenset(
    {"internal", "private", "is_internal", "is_private", "isinternal", "isprivate", "internal_note"}
)
"""Last keys of paths whose `true` means that customers do not see it: Zammad, Freshdesk, Chatwoot, GitLab."""

_PLAIN = frozenset({"true", "false", "yes", "no", "1", "0"})

Word = TypeVar("Word")


class _Sense(Enum):
    """How a flag is meant: as it is, the other way round by the operator's `!`, or by the key's own meaning."""

    AS_IT_IS = "as it is"
    NOT = "not"
    ABOUT_AGENTS = "about agents"


@dataclass(frozen=True, slots=True)
class Payload:
    """What a ticket is read from: its own part of a delivery, and the whole of it."""

    part: Any
    whole: Any


class _Finder(Protocol):
    def find(self, payload: Payload) -> Any: ...


class _Constant:
    def __init__(self, text: str) -> None:
        self._text = text

    def find(self, payload: Payload) -> Any:
        del payload
        return self._text or None


class _Path:
    """Keys, indices and stars, split once and followed often."""

    def __init__(self, path: str) -> None:
        found = steps(path)
        self._from_whole = found[0] == "$" and len(found) > 1
        # A step is a key in an object and, if it looks like one, an index into a list (-1 is the last).
        self._steps = tuple(
            (key, int(key) if _INDEX.fullmatch(key) else None)
            for key in (found[1:] if self._from_whole else found)
        )
        self._has_star = any(key == "*" for key, _ in self._steps)

    def find(self, payload: Payload) -> Any:
        start = payload.whole if self._from_whole else payload.part
        if not self._has_star:
            return self._one(start, self._steps)
        found = [value for value in self._all(start, self._steps) if value not in (None, "")]
        return found[:MAX_FOUND] or None

    def _one(self, value: Any, steps: tuple[tuple[str, int | None], ...]) -> Any:
        for key, index in steps:
            if isinstance(value, dict):
                value = value.get(key)
            elif isinstance(value, list) and index is not None and -len(value) <= index < len(value):
                value = value[index]
            else:
                return None
        return None if value == "" else value

    def _all(self, value: Any, steps: tuple[tuple[str, int | None], ...]) -> Iterator[Any]:
        star = next((place for place, (key, _) in enumerate(steps) if key == "*"), None)
        if star is None:
            yield self._one(value, steps)
            return
        several = self._one(value, steps[:star])
        for item in several.values() if isinstance(several, dict) else items(several):
            yield from self._all(item, steps[star + 1 :])


class _Joined:
    """Several paths in one text."""

    def __init__(self, source: str) -> None:
        found = pieces(source)
        self._texts = [re.sub(r"\\(.)", r"\1", text) for text in found[::2]]
        self._paths = [Place(path) for path in found[1::2]]

    def find(self, payload: Payload) -> Any:
        values = [path.text(payload) for path in self._paths]
        if any(value is None for value in values):
            return None
        joined = self._texts[0]
        for value, text in zip(values, self._texts[1:], strict=True):
            joined += f"{value}{text}"
        return joined


class _Hash:
    """What tells two texts apart, in 16 letters."""

    def __init__(self, path: str) -> None:
        self._path = Place(path)

    def find(self, payload: Payload) -> Any:
        text = self._path.text(payload)
        return None if text is None else hashlib.sha256(text.encode()).hexdigest()[:16]


class Place:
    """One configured source, understood once and read often."""

    __slots__ = ("_finders", "source")

    def __init__(self, source: str | None) -> None:
        self.source = source or ""
        self._finders = tuple(_finders(self.source))

    def find(self, payload: Payload) -> Any:
        """What is there, or None."""
        return next(
            (found for finder, _ in self._finders if (found := finder.find(payload)) is not None), None
        )

    def text(self, payload: Payload) -> str | None:
        """A text, or a number as one."""
        found = self.find(payload)
        if isinstance(found, str):
            return found.strip() or None
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise Unrecognised(f"{self.source} is not a text")
        return str(found)

    def required(self, payload: Payload) -> str:
        """The text that is there. Raises `Unrecognised` where there is none."""
        found = self.text(payload)
        if found is None:
            raise Unrecognised(f"{self.source} is missing")
        return found

    def required_word(self, payload: Payload) -> str:
        """A text, or true and false as one: Front says `is_inbound: true`."""
        found = self.find(payload)
        return str(found).lower() if isinstance(found, bool) else self.required(payload)

    def whole(self, payload: Payload, *, largest: int) -> int | None:
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

    def time(self, payload: Payload, zone: tzinfo, formats: tuple[str, ...] = ()) -> datetime | None:
        """A time in UTC, in any form of `connectors.kit.paths.times` or in one of `formats`."""
        found = self.find(payload)
        try:
            return None if found is None else time_of(found, zone, formats)
        except ValueError as error:
            raise Unrecognised(f"{self.source} is not a time in a form we know") from error

    def flag(self, payload: Payload, words: Mapping[str, bool] | None = None) -> bool | None:
        """True or false, by the operator's `words` first.

        The other way round where the source says so, or the key's own meaning (`internal`).
        """
        for finder, sense in self._finders:
            found = finder.find(payload)
            if found is None:
                continue
            word = str(found).strip().casefold()
            if words is not None and word in words:
                return words[word]
            if word not in _FLAGS:
                raise Unrecognised(f"{self.source} is neither true nor false")
            # A word such as "private" says itself what it means, whatever its key is called.
            is_opposite = sense is _Sense.NOT or (sense is _Sense.ABOUT_AGENTS and word in _PLAIN)
            return _FLAGS[word] != is_opposite
        return None

    def texts(self, payload: Payload) -> tuple[str, ...]:
        """A list of texts, or one text with commas."""
        found = self.find(payload)
        if found is None:
            return ()
        parts = found.split(",") if isinstance(found, str) else found
        if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
            raise Unrecognised(f"{self.source} is not a list of texts")
        return tuple(word for part in parts if (word := part.strip()))

    def pairs(self, payload: Payload) -> list[tuple[str, str]]:
        """Names and values: of an object (a value may be a list), or of a list of pairs or of named values.

        What is neither is left out: mail headers are many and odd, and none is needed.
        """
        found = self.find(payload)
        entries = list(found.items()) if isinstance(found, dict) else [_pair(one) for one in items(found)]
        return [
            (name, one)
            for name, value in entries
            for one in (value if isinstance(value, list) else [value])
            if isinstance(name, str) and isinstance(one, str)
        ]

    def word(self, payload: Payload, words: Mapping[str, Word], default: Word | None) -> Word:
        """The meaning of a required word, in any case."""
        found = words.get(self.required_word(payload).casefold(), default)
        if found is None:
            raise Unrecognised(f"{self.source} has a word that no map or default explains")
        return found


def _finders(source: str) -> Iterator[tuple[_Finder, _Sense]]:
    """Each alternative, and in which sense its flag is meant."""
    if source.startswith("="):
        yield _Constant(source[1:]), _Sense.AS_IT_IS
        return
    for one in alternatives(source.removeprefix("!")):
        if one.startswith("="):
            yield _Constant(one[1:]), _Sense.AS_IT_IS
            continue
        if one.startswith("#"):
            yield _Hash(one[1:]), _Sense.AS_IT_IS
            continue
        is_about_agents = not is_joined(one) and steps(one)[-1].casefold() in _ABOUT_AGENTS
        sense = _Sense.ABOUT_AGENTS if is_about_agents else _Sense.AS_IT_IS
        yield _Joined(one) if is_joined(one) else _Path(one), _Sense.NOT if source.startswith("!") else sense


def _pair(entry: Any) -> tuple[Any, Any]:
    if isinstance(entry, dict):
        return entry.get("name"), entry.get("value")
    if isinstance(entry, list) and len(entry) == 2:
        return entry[0], entry[1]
    return None, None
