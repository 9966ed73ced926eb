"""A webhook's body that is a form: read strictly, as two readers of one body must not find different values in it."""

from __future__ import annotations

from urllib.parse import parse_qsl

from incidents.errors import Unrecognised

MAX_FIELDS = 100


def form_fields(body: bytes) -> dict[str, str]:
    """Its fields by name. Raises `Unrecognised` for what is no form of ASCII, or names a field twice."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError as error:
        raise Unrecognised(f"body is neither JSON nor a form: {type(error).__name__}") from error
    form = dict(pairs)
    if len(form) != len(pairs):
        raise Unrecognised("body is a form with a repeated field")
    return form
