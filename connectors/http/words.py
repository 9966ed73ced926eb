"""An operator's words: maps from somebody else's words to ours, read in any case, and time zones."""

from __future__ import annotations

from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator


def lower_keys(value: Any) -> Any:
    """A map's keys as they are looked up."""
    if not isinstance(value, dict):
        return value
    return {_word(key): item for key, item in value.items()}


def _word(key: Any) -> str:
    # YAML reads a bare `true` as no text, and JSON has no other name for it than this.
    return str(key).lower() if isinstance(key, bool) else str(key).strip().casefold()


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("no such time zone; use a name such as Europe/Berlin") from error
    return name


TimeZone = Annotated[str, AfterValidator(_time_zone)]
