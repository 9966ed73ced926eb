"""JSON from strangers: what is not plain, finite and unambiguous is not understood, and crashes nothing."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from incidents.errors import Unrecognised
from incidents.texts.plain_text import storable

# What JSON can spell with an escape but no UTF-8 text, and no PostgreSQL text column, can hold.
_UNSTORABLE_ESCAPE = re.compile(r"\\u(?:0000|d[89a-f])", re.IGNORECASE)


def parse_json(body: bytes) -> Any:
    """The parsed body, every text in it storable.

    Raises `Unrecognised` for bytes that are not UTF-8, for broken or too deeply nested JSON, for NaN and
    infinities, for numbers of thousands of digits and for objects that say the same key twice (parsers differ
    on which one counts, so an attacker could show two systems two texts).
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unrecognised(f"body is not UTF-8 (byte {error.start})") from error
    try:
        parsed = json.loads(
            text, object_pairs_hook=_object, parse_constant=_refuse_constant, parse_float=_finite
        )
        return _storable_all(parsed) if _UNSTORABLE_ESCAPE.search(text) else parsed
    except RecursionError as error:
        raise Unrecognised("body is nested too deeply") from error
    except ValueError as error:
        raise Unrecognised(f"body is not JSON we can trust: {type(error).__name__}") from error


def _storable_all(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        return [_storable_all(item) for item in value]
    if isinstance(value, dict):
        # Through the same door as the parser's: two keys may have become one.
        return _object([(storable(key), _storable_all(item)) for key, item in value.items()])
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise Unrecognised("body has an object with a repeated key")
    return result


def _refuse_constant(name: str) -> NoReturn:
    raise Unrecognised(f"body has the number {name}")


def _finite(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise Unrecognised("body has a number beyond all bounds")
    return value
