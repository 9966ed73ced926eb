"""A vendor's JSON, field by field: what is null, missing or of another type is nothing, never an exception.

One reading for all vendors, so that a hostile or merely odd answer cannot become an `AttributeError` in one
of them. Only a time that a decision stands on is insisted upon: it raises `Unrecognised`.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Any

from incidents.errors import Unrecognised
from incidents.texts.plain_text import storable


def record(value: Any) -> dict[str, Any]:
    """A JSON object, or an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def a_record(value: Any, what: str) -> dict[str, Any]:
    """A JSON object. Raises `Unrecognised`, named by `what`, for anything else."""
    if not isinstance(value, dict):
        raise Unrecognised(f"{what} is not a JSON object")
    return value


def items(value: Any) -> list[Any]:
    """A JSON list, or an empty one in place of anything else."""
    return value if isinstance(value, list) else []


def records(value: Any) -> list[dict[str, Any]]:
    """The objects of a JSON list; what else stands in it is left out."""
    return [item for item in items(value) if isinstance(item, dict)]


def text(value: Any) -> str:
    """A JSON string that every store takes, or "" in place of anything else."""
    return storable(value) if isinstance(value, str) else ""


def any_text(value: Any) -> str:
    """Any value as a text that every store takes: numbers too, where vendors write ids both ways."""
    return "" if value is None else storable(str(value))


def whole(value: Any) -> int | None:
    """A whole number; JSON's true is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def utc_time(value: Any, *, of: str, zone: tzinfo | None = None) -> datetime:
    """An ISO 8601 time in UTC, to the microsecond (some webhooks give nanoseconds).

    `zone` is that of a time which names none; without it such a time is not understood. `of` names the vendor
    in the error. Raises `Unrecognised`.
    """
    try:
        time = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise Unrecognised(f"{of}: a time is missing or not ISO 8601") from error
    if time.tzinfo is None:
        if zone is None:
            raise Unrecognised(f"{of}: a time without its zone")
        time = time.replace(tzinfo=zone)
    try:
        return time.astimezone(UTC)
    except OverflowError as error:
        raise Unrecognised(f"{of}: a time beyond the calendar") from error


def unix_time(value: Any, *, of: str) -> datetime:
    """Unix seconds in UTC: a number or a text, with or without a fraction. Raises `Unrecognised`."""
    try:
        return datetime.fromtimestamp(float(value), UTC)
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise Unrecognised(f"{of}: no usable Unix time") from error
