"""What a chat tool takes for a link."""

from __future__ import annotations

from urllib.parse import urlsplit


def is_link(url: str, *, at_most: int) -> bool:
    """Whether it is an address of the web, of so many characters at most, that can stand in a message as it is."""
    if len(url) > at_most or not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
