"""What a homeserver's refusals mean: the status says little, `errcode` says why.

https://spec.matrix.org/v1.16/client-server-api/#standard-error-response
"""

from __future__ import annotations

import math
from typing import Any

from connectors.kit.answers import VendorAnswer
from connectors.kit.fields import record, text
from incidents.errors import Busy, NotAllowed, NotFound, Refused, Unreachable

LONGEST_WAIT = 3600.0


class Forbidden(NotAllowed):
    """The account may not: it is not in the room, or has no power there for this."""


class RoomMoved(NotFound):
    """The room was upgraded: people are in another one, and what is sent into this one nobody reads."""


def explain(answer: VendorAnswer, what: str) -> None:
    """Raises what a 4xx means; returns where its status says it all."""
    data = record(answer.data)
    code = text(data.get("errcode"))[:60]
    message = f"{what}: HTTP {answer.status} {code or 'without an errcode'}"
    if answer.status == 401:
        kept = "; its session is over" if data.get("soft_logout") is True else ""
        raise NotAllowed(
            f"{message}{kept}; make another access token with the same device id, and save it in the block"
        )
    if answer.status == 429 and "retry-after" not in answer.headers:
        # What servers said before version 1.10 of the specification.
        raise Busy(message, retry_after=_seconds(data.get("retry_after_ms")))
    if answer.status == 403 and code == "M_FORBIDDEN":
        raise Forbidden(f"{message}; check that the account is in the room, and its power there")
    if answer.status in (404, 405) and code in ("", "M_UNRECOGNIZED"):
        # A proxy's word or an address that is not the homeserver's: it says nothing about a room.
        raise NotAllowed(f"{message}; check base_url: no homeserver of Matrix answers there as it should")
    if answer.status == 400 and code == "M_NOT_FOUND":
        raise NotFound(message)
    if 400 <= answer.status < 500 and answer.status not in (403, 404, 408, 410, 429):
        raise MatrixRefused(message, code)


class MatrixRefused(Refused):
    """The homeserver's no, with its own word for it in `code`."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


def required(data: Any, key: str, kind: type, what: str) -> Any:
    """What a read's answer must come with. Raises `Unreachable`: without it, it is no usable answer."""
    value = record(data).get(key)
    if not isinstance(value, kind):
        raise Unreachable(f"matrix {what}: answered without {key}")
    return value


def objects(data: Any, key: str, what: str) -> list[dict[str, Any]]:
    """The entries of a list that a read must come with. Raises `Unreachable` for one that is no object: whoever looks
    for something there must see all of them.
    """
    return all_objects(required(data, key, list, what), f"{what} {key}")


def all_objects(found: Any, what: str) -> list[dict[str, Any]]:
    """The same for a list on its own."""
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise Unreachable(f"matrix {what}: an entry is no object")
    return found


def _seconds(milliseconds: Any) -> float:
    is_number = isinstance(milliseconds, int | float) and not isinstance(milliseconds, bool)
    seconds = milliseconds / 1000 if is_number else 5.0
    return min(max(seconds, 1.0), LONGEST_WAIT) if math.isfinite(seconds) else 5.0
