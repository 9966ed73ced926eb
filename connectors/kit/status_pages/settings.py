"""What an operator says of a hosted status page, looked at: ids, the key, and which components show a service."""

from __future__ import annotations

import re

from pydantic import SecretStr

from connectors.kit.auth.ways import BearerToken
from incidents.texts.plain_text import one_line

_ID = re.compile(r"[a-z0-9]{1,40}", re.ASCII)


def is_id(value: str) -> bool:
    """Whether it can be the id of anything there: small letters and digits, such as `gytm4qzbx9t6` (Statuspage) or
    `ckf01fonve9i40a32oas5b0uw` (Instatus)."""
    return _ID.fullmatch(value) is not None


def a_key(key: SecretStr) -> SecretStr:
    """Raises ValueError for a key that is empty, or that no header can carry."""
    if not key.get_secret_value():
        raise ValueError("the API key is empty")
    BearerToken(key)
    return key


def said_components(value: dict[str, list[str]], *, such_as: str = "") -> dict[str, list[str]]:
    """Ids by service. Raises ValueError for a service without a name, and for what is no id; `such_as` is an id as the
    vendor makes them."""
    example = f", such as {such_as}" if such_as else ""
    for service, ids in value.items():
        if not one_line(service):
            raise ValueError("components has a service without a name; take it out")
        if not all(is_id(one) for one in ids):
            raise ValueError(
                f"components of {one_line(service)[:80]!r}: not an id of a component{example};"
                " `liaison check` says them"
            )
    return value
