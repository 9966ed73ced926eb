"""The type of a delivery, and whether that type is read."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from connectors.http.event_types.settings import EventTypes
from connectors.kit.fields import a_record
from connectors.kit.paths.places import Payload, Place
from incidents.events import Verified

MAX_TYPE = 100  # characters


class TypeFilter:
    """The filter by a delivery's type; `header` is the one to keep with the delivery, where a header names it."""

    def __init__(self, types: EventTypes) -> None:
        self.header = types.header
        self._field = Place(types.field) if types.field is not None else None
        self._read, self._ignore = types.read, types.ignore

    def kind(self, verified: Verified, data: object) -> str:
        """The type's name, or "" without one."""
        if self._field is not None:
            record = a_record(data, "payload")
            return (self._field.text(Payload(record, record)) or "")[:MAX_TYPE]
        wanted = (self.header or "").lower()
        return next((value for name, value in verified.headers if name.lower() == wanted), "")[:MAX_TYPE]

    def is_read(self, kind: str) -> bool:
        """Whether deliveries of this type are read; `ignore` outweighs `read`."""

        def fits(patterns: Sequence[str]) -> bool:
            return any(fnmatchcase(kind, pattern) for pattern in patterns)

        return not fits(self._ignore) and (not self._read or fits(self._read))
