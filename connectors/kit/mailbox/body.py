"""What a person wrote, out of a mail's parts: plain text where there is some, else what HTML shows."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from email.message import Message

from connectors.kit.mailbox.headers import in_charset
from incidents.texts.markup import text_of_markup
from incidents.texts.plain_text import cut, visible

LONGEST = 50_000
_NO_BASE64 = re.compile(r"[^A-Za-z0-9+/]")
MOST_PARTS = 200


def body_text(mail: Message) -> str:
    """The whole text; "" if there is none. Who reads an answer takes off what it quotes, as for every helpdesk."""
    plain: list[str] = []
    html: list[str] = []
    for part in _text_parts(mail):
        text = _text(part)
        (html if part.get_content_subtype() == "html" else plain).append(text)
    found = "\n".join(one for one in plain if one.strip())
    if not found:
        found = "\n".join(text_of_markup(one) for one in html)
    return cut(visible(found).strip(), LONGEST)


def _text_parts(mail: Message) -> Iterator[Message]:
    for number, part in enumerate(parts_of(mail)):
        if number >= MOST_PARTS:
            return
        is_attached = part.get_content_disposition() == "attachment" or part.get_filename()
        if part.get_content_type() in ("text/plain", "text/html") and not is_attached:
            yield part


def parts_of(mail: Message, *, depth: int = 0) -> Iterator[Message]:
    """The mail and its parts, not those of mails that it brings along."""
    yield mail
    children = payload_of(mail)
    if depth > 10 or not isinstance(children, list) or mail.get_content_maintype() != "multipart":
        return
    for child in children:
        if isinstance(child, Message):
            yield from parts_of(child, depth=depth + 1)


def payload_of(part: Message) -> object:
    """Its parts, or its content as it stands. Python's own raises for a charset that cannot be a name at all."""
    try:
        return part.get_payload()
    except ValueError:
        content = part.get_payload(decode=True)
        return content.decode("ascii", "replace") if isinstance(content, bytes) else ""


def _text(part: Message) -> str:
    try:
        data = part.get_payload(decode=True) if not _is_base64(part) else _from_base64(str(payload_of(part)))
    except (ValueError, LookupError, AssertionError):
        data = None
    if not isinstance(data, bytes):
        return ""
    charset = part.get_content_charset(failobj=None)
    return in_charset(data, charset)


def _is_base64(part: Message) -> bool:
    return str(part.get("Content-Transfer-Encoding", "")).strip().casefold() == "base64"


def _from_base64(text: str) -> bytes:
    """As far as it goes: of a mail that was cut the last letters may be missing, and Python would give none at all."""
    letters = _NO_BASE64.sub("", text)
    # A single letter over holds no byte.
    letters = letters[:-1] if len(letters) % 4 == 1 else letters
    return base64.b64decode(letters + "=" * (-len(letters) % 4))
