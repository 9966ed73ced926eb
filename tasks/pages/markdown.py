"""Text as the Markdown of both Prefect UIs shows it: as it is, whatever marks it holds."""

from __future__ import annotations

import html
import re

# Backslashes, because one of the two UIs shows numeric character references as they are.
_MARKUP = {ord(mark): f"\\{mark}" for mark in "\\`*_[]!~|#"}
# Where an address becomes a link by itself, unless something stands there. Not a backslash: one UI looks for
# addresses when the backslashes are gone. `<wbr>` is not seen, and not copied with the address.
_IN_ADDRESSES = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=@)", re.IGNORECASE)
_LINE_END = re.compile(r"\r\n?|\n")


def plain(text: str) -> str:
    """Text as text in both of Prefect's UIs: no HTML, and no link, image or emphasis of a customer's making."""
    escaped = html.escape(text, quote=False).translate(_MARKUP)
    return _LINE_END.sub("<br>", _IN_ADDRESSES.sub("<wbr>", escaped))
