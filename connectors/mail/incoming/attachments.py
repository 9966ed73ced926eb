"""What a mail brings along, by name, kind and size: told on the ticket, and neither kept, opened nor followed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import Message

from connectors.kit.mailbox.body import MOST_PARTS, parts_of, payload_of
from connectors.kit.mailbox.headers import decoded
from incidents.texts.own_words import ATTACHED
from incidents.texts.plain_text import cut, one_line, visible

MOST_TOLD = 10
_NAME, _KIND = 60, 40  # characters
# Proofs of who wrote it, which mail programs hide as well.
_SIGNATURES = frozenset(
    {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
)
_NO_BASE64 = re.compile(r"[^A-Za-z0-9+/]")


@dataclass(frozen=True, kw_only=True, slots=True)
class MailAttachment:
    """One of them; `size` is in bytes, None where the mail was not read so far. Name and kind are what the sender says
    they are."""

    name: str
    kind: str
    size: int | None


def attachments_of(mail: Message, *, is_whole: bool) -> Sequence[MailAttachment]:
    """In order. Of a mail that is not whole the last one's size is not known, and those behind it are not seen."""
    found = [
        MailAttachment(name=_name(part), kind=cut(part.get_content_type(), _KIND), size=_size(part))
        for part in _attached(mail)
    ]
    if found and not is_whole:
        last = found[-1]
        found[-1] = MailAttachment(name=last.name, kind=last.kind, size=None)
    return found


def told_attachments(found: Sequence[MailAttachment]) -> str:
    """`(Attached: invoice.pdf (application/pdf, 12 KB). See the mailbox.)`, or "" for none."""
    if not found:
        return ""
    told = [f"{one.name} ({one.kind}{_words(one.size)})" for one in found[:MOST_TOLD]]
    more = f" and {len(found) - MOST_TOLD} more" if len(found) > MOST_TOLD else ""
    return f"{ATTACHED}{', '.join(told)}{more}. See the mailbox.)"


def _attached(mail: Message) -> Iterator[Message]:
    for number, part in enumerate(parts_of(mail)):
        if number >= MOST_PARTS:
            return
        if part.get_content_maintype() == "multipart" or part.get_content_type() in _SIGNATURES:
            continue
        is_text = part.get_content_type() in ("text/plain", "text/html")
        if not is_text or part.get_content_disposition() == "attachment" or _filename(part):
            yield part


def _filename(part: Message) -> str:
    try:
        return part.get_filename() or ""
    except (LookupError, ValueError, TypeError):
        return ""


def _name(part: Message) -> str:
    # A path in it is the sender's, and what turns a line around is shown as what it is.
    name = re.split(r"[/\\]", decoded(_filename(part)))[-1]
    return cut(one_line(visible(name)).strip(), _NAME) or "without a name"


def _size(part: Message) -> int:
    payload = payload_of(part)
    if isinstance(payload, list):
        return sum(len(str(payload_of(one))) for one in payload if isinstance(one, Message))
    text = str(payload)
    is_base64 = str(part.get("Content-Transfer-Encoding", "")).strip().casefold() == "base64"
    return len(_NO_BASE64.sub("", text)) * 3 // 4 if is_base64 else len(text)


def _words(size: int | None) -> str:
    if size is None:
        return ", not read to its end"
    for unit, bytes_in in (("MB", 1_048_576), ("KB", 1024)):
        if size >= bytes_in:
            return f", {size / bytes_in:.1f} {unit}"
    return f", {size} bytes"
