"""What people see of a message: Mattermost's Markdown, as far as it makes something of a text.

Whom it calls and what can be clicked are read as Mattermost does: nothing within a code span counts.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

_SPAN = re.compile(r"(?P<fence>`+)(?P<code>.+?)(?<!`)(?P=fence)(?!`)", re.DOTALL)
_MENTION = re.compile(r"(?<![\w`])@[\w.-]*\w")
_CHANNEL = re.compile(r"(?<!\w)~[a-z][\w-]+")
_HASHTAG = re.compile(r"(?<!\w)#[^\W\d_]\w+")
_LINK = re.compile(r"!?\[(?P<label>[^\]]*)\]\((?P<url>[^)\s]+)\)")
_BARE = re.compile(r"(?:\b[a-z][a-z0-9+.-]*:(?://)?|\bwww\.)[^\s<>]*[^\s<>.,)]", re.IGNORECASE)
_SCHEMES = ("http:", "https:", "mailto:", "ftp:", "tel:", "www.")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.\w+")
_EMPHASIS = re.compile(r"(\*\*|__|~~|\*|_)(\S(?:.*?\S)?)\1")
_EMOJI = re.compile(r":[\w+-]+:")
_BLOCK = re.compile(r"^(?:#{1,6} |> ?|[-+*] |\d+[.)] |\|)", re.MULTILINE)


def shown(post: dict[str, Any]) -> str:
    """The words as a reader sees them."""
    return "".join(words if is_code else _plain(words) for words, is_code in _parts(post))


def calls(post: dict[str, Any]) -> list[str]:
    """Whom the message calls."""
    return [found for words in _open(post) for found in _MENTION.findall(_LINK.sub("", words))]


def links(post: dict[str, Any]) -> list[str]:
    """What in it can be clicked."""
    found: list[str] = []
    for words in _open(post):
        found += [match["url"] for match in _LINK.finditer(words)]
        rest = _LINK.sub("", words)
        found += [one for one in _BARE.findall(rest) if one.lower().startswith(_SCHEMES)]
        for pattern in (_MAIL, _CHANNEL, _HASHTAG):
            found += pattern.findall(rest)
    return found


def _open(post: dict[str, Any]) -> Iterator[str]:
    return (words for words, is_code in _parts(post) if not is_code)


def _parts(post: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    message, at = str(post["message"]), 0
    for span in _SPAN.finditer(message):
        yield message[at : span.start()], False
        code = span["code"]
        yield code.strip() if code.strip().strip("`") != code.strip() or code != code.strip() else code, True
        at = span.end()
    yield message[at:], False


def _plain(words: str) -> str:
    """Without what Markdown takes away."""
    words = _LINK.sub(lambda match: match["label"], words)
    words = _EMOJI.sub("(emoji)", words)
    words = _BLOCK.sub("", words)
    words = _EMPHASIS.sub(lambda match: match[2], words)
    return html.unescape(re.sub(r"<[a-z!/][^>]*>", "", words))
