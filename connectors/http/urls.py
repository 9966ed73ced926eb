"""Addresses: what may be shown of them, what may be put into them, and whom they reach."""

from __future__ import annotations

import re
from typing import Annotated, Any
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from pydantic import AfterValidator

from incidents.errors import Refused

HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
HEADER_VALUE = re.compile(r"[\x20-\x7e]*")

_PORTS = {"http": 80, "https": 443}


def shown(url: str) -> str:
    """The address for people: queries carry tokens often enough to be left out."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))


def filled(template: str, placeholder: str, value: str) -> str:
    """The template with the value as one path segment, whatever characters the value has."""
    if placeholder in template and value in ("", ".", ".."):
        raise Refused(f"{value!r} cannot stand for {placeholder} in an address")
    return template.replace(placeholder, quote(value, safe=""))


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port: where credentials may go."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)


def path(url: str) -> str:
    """The address without its host: path and query."""
    parts = urlsplit(url)
    return urlunsplit(("", "", parts.path or "/", parts.query, ""))


def local_path(base: str, reference: str) -> str | None:
    """The reference's path and query, when it points to the same origin as `base`; else None."""
    try:
        url = urljoin(base, reference)
        if origin(url) != origin(base) or "@" in urlsplit(url).netloc:
            return None
    except ValueError:
        return None
    return path(url)


def _address(url: str) -> str:
    parts = urlsplit(url)
    origin(url)  # a port that is no number raises ValueError, as all below
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("the address must start with https:// (or http://) and name a host")
    if "@" in parts.netloc:
        raise ValueError("the address has a user or password in it; put it into a header or the bearer token")
    if "{" in parts.netloc:
        raise ValueError("the host must be fixed; placeholders go into the path")
    return url


def as_list(value: Any) -> Any:
    """One address is a list of one."""
    return [value] if isinstance(value, str) else value


Address = Annotated[str, AfterValidator(_address)]
"""An address with a fixed host and no password in it."""
