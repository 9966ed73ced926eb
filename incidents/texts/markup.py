"""A mail's HTML as text, without the parts that mail programs mark as the quoted mail. Data, never rendered."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_LOOKS_LIKE_MARKUP = re.compile(
    r"<(?:html|body|div|p|br|span|table|blockquote|font|b|i|a|ul|ol|hr)(?:\s[^<>]{0,500})?/?>", re.IGNORECASE
)
_BLOCKS = frozenset(
    {
        "p",
        "div",
        "br",
        "tr",
        "li",
        "table",
        "ul",
        "ol",
        "hr",
        "h1",
        "h2",
        "h3",
        "h4",
        "pre",
        "body",
        "section",
    }
)
_EMPTY = frozenset({"br", "hr", "img", "meta", "link", "input", "col", "base", "area", "wbr"})
_UNSEEN = frozenset({"script", "style", "head", "title", "template"})
# Gmail, Yahoo, Thunderbird, Proton, Zoho and Zendesk name the element that holds the quoted mail.
_QUOTE_CLASSES = re.compile(
    r"(?:^|\s)(?:gmail_quote|gmail_quote_container|gmail_attr|gmail_extra|yahoo_quoted|moz-cite-prefix|protonmail_quote|"
    r"zmail_extra|tutanota_quote|zd-quoted|quoted|quote)(?:\s|$)",
    re.IGNORECASE,
)
# Outlook names what begins it: everything after is the quoted mail.
_QUOTE_BEGINS = re.compile(
    r"^(?:x_)?(?:divRplyFwdMsg|appendonsend|OLK_SRC_BODY_SECTION|reply-intro|ms-outlook-mobile-reference-message)$",
    re.IGNORECASE,
)
_OUTLOOKS_LINE = re.compile(r"border-top\s{0,3}:\s{0,3}solid\s{1,3}#(?:e1e1e1|b5c4df)", re.IGNORECASE)


def looks_like_markup(text: str) -> bool:
    """Whether the text is HTML, by its first ten thousand letters."""
    return _LOOKS_LIKE_MARKUP.search(text[:10_000]) is not None


def text_of_markup(text: str) -> str:
    """The visible words, a block a line; quoted mails are left out."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return "".join(reader.words)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._open: list[str] = []
        self._skipped_from: int | None = None
        self._is_over = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self._say("\n")
        if tag in _EMPTY:
            return
        self._open.append(tag)
        if self._skipped_from is None and (tag == "blockquote" or tag in _UNSEEN or _is_quote(attrs)):
            self._skipped_from = len(self._open)
        if self._skipped_from is None and _begins_a_quote(attrs):
            self._is_over = True

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open and self._open.pop() != tag:
                pass
        if self._skipped_from is not None and len(self._open) < self._skipped_from:
            self._skipped_from = None
        if tag in _BLOCKS:
            self._say("\n")

    def handle_data(self, data: str) -> None:
        self._say(" ".join(data.split(" ")).replace("\r", "").replace("\n", " "))

    def _say(self, words: str) -> None:
        if self._skipped_from is None and not self._is_over:
            self.words.append(words)


def _is_quote(attrs: list[tuple[str, str | None]]) -> bool:
    return any(name == "class" and value and _QUOTE_CLASSES.search(value[:200]) for name, value in attrs)


def _begins_a_quote(attrs: list[tuple[str, str | None]]) -> bool:
    return any(
        value is not None
        and (
            (name == "id" and _QUOTE_BEGINS.match(value[:200]) is not None)
            or (name == "style" and _OUTLOOKS_LINE.search(value[:400]) is not None)
        )
        for name, value in attrs
    )
