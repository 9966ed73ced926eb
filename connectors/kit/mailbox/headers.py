"""A mail's headers as text, whatever a sender made of them.

RFC 5322 and RFC 2047, read leniently: what cannot be decoded is replaced, never refused. The standard library's newer
header classes raise for some malformed headers, so they are read as they stand and decoded here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses

from incidents.models import Contact
from incidents.texts.plain_text import one_line, storable

LONGEST = 2_000
MOST_REFERENCES = 100
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,500})>")
_ADDRESS = re.compile(r"[^\s@<>\"]{1,64}@[^\s@<>\"]{1,255}")


def header_text(mail: Message, name: str) -> str:
    """One header, decoded, on one line; "" if there is none."""
    return decoded(_raw(mail.get(name)))


def header_texts(mail: Message, name: str) -> Sequence[str]:
    """Every header of that name, decoded."""
    return [decoded(_raw(value)) for value in mail.get_all(name, [])]


def decoded(value: str) -> str:
    """Encoded words in any charset, good or bad, as text."""
    value = value[: 10 * LONGEST]
    try:
        parts = decode_header(value)
    except (HeaderParseError, ValueError):
        return one_line(value)[:LONGEST]
    return one_line("".join(in_charset(part, charset) for part, charset in parts))[:LONGEST]


def in_charset(data: bytes | str, charset: str | None) -> str:
    """Text out of bytes; an unknown or wrong charset costs some characters, not the text."""
    if isinstance(data, str):
        return storable(data)
    for name in (charset, "utf-8"):
        try:
            if name:
                return storable(data.decode(name))
        except (LookupError, ValueError, RecursionError):
            continue
    return storable(data.decode("utf-8" if charset in (None, "utf-8") else "latin-1", "replace"))


def contacts(mail: Message, *names: str) -> Sequence[Contact]:
    """Who stands in these headers, with what looks like an address; `id` is the address in lower case."""
    values = [_raw(value)[: 20 * LONGEST] for name in names for value in mail.get_all(name, [])]
    found: list[Contact] = []
    for name, address in getaddresses(values[:50]):
        match = _ADDRESS.fullmatch(storable(address.strip()))
        if match is not None:
            found.append(Contact(id=match[0].casefold(), name=decoded(name)[:200], email=match[0]))
    return found[:200]


def message_ids(values: Iterable[str]) -> tuple[str, ...]:
    """Message ids out of headers, bare, each once, in order. Folded ones are unfolded first."""
    found = dict.fromkeys(match for value in values for match in _MESSAGE_ID.findall(value[: 50 * LONGEST]))
    # The nearest stand last.
    return tuple(storable(one) for one in list(found)[-MOST_REFERENCES:])


def raw_headers(mail: Message, name: str) -> Sequence[str]:
    """The headers as they stand, for what is no text: ids."""
    return [_raw(value) for value in mail.get_all(name, [])]


def _raw(value: object) -> str:
    # A header with bytes over 127 comes as an object of its own.
    return "" if value is None else str(value)
