"""Addresses: what may be shown of them, what may be put into them, and whom they reach."""

from __future__ import annotations

from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from incidents.errors import Refused

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
