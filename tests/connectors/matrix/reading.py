"""A message as people's programs show it: text out of its HTML, whom it calls, what in it can be clicked."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from tests.contracts.chat_room import Seen

TAGS = {"a", "br", "code"}


class _Shown(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, f"a tag of a text's own got through: {tag}"
        self.text += "\n" if tag == "br" else ""
        self.links += [value or "" for name, value in attrs if name == "href"]
        assert all(name == "href" for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError("a comment of a text's own got through")

    handle_decl = handle_pi = unknown_decl = handle_comment


def seen_in(event_id: str, content: dict[str, Any]) -> Seen:
    """Programs that show HTML and those that do not must show the same."""
    shown = _Shown()
    shown.feed(content["formatted_body"])
    shown.close()
    mentions = content["m.mentions"]
    calls = [*mentions.get("user_ids", []), *(["@room"] if mentions.get("room") else [])]
    if not shown.links:
        assert shown.text == content["body"]
    return Seen(id=event_id, text=content["body"], calls=calls, links=shown.links)
