"""Text as PostgreSQL can hold it: neither NUL nor lone surrogates, wherever it came from.

Customers and vendors write both, and one such character would fail the transaction of a whole chunk. So the
columns themselves put the replacement character in their place, and no caller has to think of it.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Dialect, Text
from sqlalchemy.types import TypeDecorator

from incidents.texts.plain_text import storable


class StorableText(TypeDecorator[str]):
    """A text column for whatever text there is."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """What SQLAlchemy writes in place of the value."""
        del dialect
        return None if value is None else storable(value)


def to_json(value: Any) -> str:
    """The engine's JSON encoder: the same care for every text inside."""
    text = json.dumps(value)
    # Escaped, the two look like this (or like an innocent backslash before a u, which costs only time).
    if "\\u0000" in text or "\\ud" in text:
        return json.dumps(_storable_json(value), ensure_ascii=False)
    return text


def _storable_json(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(key): _storable_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_storable_json(item) for item in value]
    return value
