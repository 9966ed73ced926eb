"""The secrets of the connections that this process has opened, so that no line of its log shows one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretBytes, SecretStr

_confided: set[str] = set()


def confide(settings: BaseModel) -> None:
    """Remember the secrets of a connection's settings, for as long as the process lives: an old one is one still."""
    _confided.update(filter(None, secrets_of_settings(settings)))


def confided() -> frozenset[str]:
    """All that were confided so far."""
    return frozenset(_confided)


def secrets_of_address(text: str) -> Iterator[str]:
    """The password of an address that has one."""
    try:
        found = urlsplit(text)
        if found.password:
            yield found.password
    except ValueError:
        return


def secrets_of_settings(value: object) -> Iterator[str]:
    """Every secret in a connection's block, however deep, and every password in an address."""
    if isinstance(value, (SecretStr, SecretBytes)):
        found = value.get_secret_value()
        yield found.decode(errors="replace") if isinstance(found, bytes) else found
    elif isinstance(value, str):
        yield from secrets_of_address(value)
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from secrets_of_settings(getattr(value, name))
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from secrets_of_settings(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from secrets_of_settings(one)
