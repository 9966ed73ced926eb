"""Three sieves, one behind the other, that everything in a bundle goes through.

    known values    every secret that this installation has, wherever it turns up, also quoted or encoded
    names           what stands behind `password`, `token`, `secret`, `key`, `authorization`
    looks           what looks like a token, a login in an address, a card, a person's address (incidents.redaction)

The first two know nothing of what a secret looks like, the last nothing of whose it is.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote

from incidents.redaction.redaction import redact
from incidents.telemetry.confided import secrets_of_address

MASK = "[secret]"
SHORTEST = 6
"""Characters. A shorter secret would take ordinary words along, and is left to the other sieves."""
_SECRET_NAME = re.compile(
    r"pass(word|wd|phrase)?|secret|token|auth|credential|cookie|(^|_)key$|api_?key|dsn", re.IGNORECASE
)
_NAME = (
    r"""["']?[\w-]*(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|private[_-]?key|authorization"""
    r"""|credentials?|cookie|liaison_key|auth_string)[\w-]*["']?\s*"""
)
_NAMED = re.compile(
    rf"""(?P<name>{_NAME}[:=]\s*)"""
    r"""(?!\[secret\])(?P<value>"[^"\n]*"|'[^'\n]*'|(?:bearer |basic |token )?[^\s,;}\]]+)""",
    re.IGNORECASE,
)
_OPENS = re.compile(rf"[ \t#]*(?:- +)*(?P<name>{_NAME}:(?:\s|$))", re.IGNORECASE)


class Masking:
    """`mask` a text. `known` are this installation's secrets."""

    def __init__(self, known: Iterable[str]) -> None:
        forms = {form for value in known for form in _forms(value) if len(form) >= SHORTEST}
        # The longest first: one may be within another.
        ordered = sorted(forms, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def mask(self, text: str) -> str:
        """Known values in the whole, as one may have several lines; the rest line by line, as the last sieve reads only
        so much at once."""
        text = self._known.sub(MASK, text) if self._known is not None else text
        return "\n".join(_line(line) for line in _without_blocks(text.split("\n")))

    def mask_in(self, value: object) -> object:
        """The same in what will be JSON: keys stay, and what a secret's name stands before goes."""
        if isinstance(value, str):
            return self.mask(value)
        if isinstance(value, Mapping):
            return {
                str(key): MASK
                if isinstance(one, str) and one and is_secret_name(str(key))
                else self.mask_in(one)
                for key, one in value.items()
            }
        if isinstance(value, (list, tuple)):
            return [self.mask_in(one) for one in value]
        return value


def _line(line: str) -> str:
    return redact(_NAMED.sub(rf"\g<name>{MASK}", line))


def _without_blocks(lines: Iterable[str]) -> Iterator[str]:
    """YAML whose value stands on the lines below its name: they are indented more than it, or a list's dashes as much.

    A block that is commented out is one, too.
    """
    column, margin = None, " \t"
    for line in lines:
        text = line.lstrip(margin)
        at = len(line) - len(text)
        belongs = column is not None and (at > column or (at == column and text.startswith("- ")))
        if text and belongs:
            yield f"{line[:at]}{MASK}"
            continue
        if text:
            named = _OPENS.match(line)
            column = named.start("name") if named else None
            margin = " \t#" if line.lstrip().startswith("#") else " \t"
        yield line


def is_secret_name(name: str) -> bool:
    """Whether something of this name is one."""
    return _SECRET_NAME.search(name) is not None


def secrets_of_environment(environ: Mapping[str, str]) -> Iterator[str]:
    """Values of variables that are named like secrets, and what stands before the @ of addresses."""
    for name, value in environ.items():
        if is_secret_name(name):
            yield value
            # user:password
            yield value.partition(":")[2]
        yield from secrets_of_address(value)


def texts_of(value: object) -> Iterator[str]:
    """Every text in JSON, and every password in an address: for settings of which nobody can say what is secret."""
    if isinstance(value, str):
        yield value
        yield from secrets_of_address(value)
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from texts_of(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from texts_of(one)


def _forms(value: str) -> Iterator[str]:
    """As it is, each of its lines, and as it stands in an address, in JSON and in a header of basic authentication."""
    value = value.strip()
    yield value
    if "\n" in value:
        yield from (line.strip() for line in value.splitlines())
    yield quote(value, safe="")
    yield json.dumps(value)[1:-1]
    yield base64.b64encode(value.encode()).decode().rstrip("=")
