"""Problems found by looking at several settings at once, told each at its own place."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

Found = tuple[tuple[str | int, ...], str] | tuple[tuple[str | int, ...], str, str]
"""Where below the section, what and with which cure; and the pydantic error type if it is not `value_error`."""


def refuse(section: str, found: Iterable[Found]) -> None:
    """For a section's validator: raises `ValidationError` with a line for each problem, if there is any.

    Pydantic puts the section's own place in front of each, as it does with its own errors.
    """
    errors = [
        InitErrorDetails(
            type=PydanticCustomError(kind[0] if kind else "value_error", "{message}", {"message": message}),
            loc=place,
            input=None,
        )
        for place, message, *kind in found
    ]
    if errors:
        raise ValidationError.from_exception_data(section, errors)
