"""What a service says about a run of an action."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.kit.answers import VendorAnswer
from connectors.kit.fields import text
from incidents.actions import ActionState

MAX_DETAIL = 2000  # characters
ACCEPTED = frozenset({201, 202})
"""Statuses whose Location is about what was started; behind a 200 it could be anything."""


class Unreadable(ValueError):
    """The answer is not what this connector was told to expect; only used inside this folder."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunReport:
    """`state` is None when the service names none; `reference` is where it says the run can be followed."""

    id: str | None = None
    state: ActionState | None = None
    detail: str = ""
    reference: str | None = None


def report(answer: VendorAnswer, states: Mapping[str, ActionState]) -> RunReport:
    """Reads `{"id", "status", "detail", "status_url"}`, each optional; an empty answer says nothing.

    Raises `Unreadable` when the answer is no object, or has a status word that nobody explained.
    """
    location = answer.headers.get("location") if answer.status in ACCEPTED else None
    if answer.data is None:
        return RunReport(reference=location)
    if not isinstance(answer.data, dict):
        raise Unreadable("the answer is not a JSON object")
    word = _text(answer.data, "status")
    if word is not None and word.casefold() not in states:
        raise Unreadable("the answer has a status word that status_map does not explain")
    return RunReport(
        id=_text(answer.data, "id"),
        state=None if word is None else states[word.casefold()],
        detail=(_text(answer.data, "detail") or "")[:MAX_DETAIL],
        reference=_text(answer.data, "status_url") or location,
    )


def _text(data: dict[str, Any], key: str) -> str | None:
    value = data.get(key)
    if isinstance(value, str):
        return text(value).strip() or None
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unreadable(f"the answer's {key} is not a text")
    return str(value)
