"""Delivery reports: which mail of ours they are about, and who cannot be reached.

`multipart/report` of RFC 6522 with `message/delivery-status` of RFC 3464. `X-Failed-Recipients` is of no standard.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from connectors.kit.mailbox.body import payload_of
from connectors.kit.mailbox.headers import header_texts, message_ids, raw_headers

_ADDRESS = re.compile(r"[^\s@<>;\"]{1,64}@[^\s@<>;\"]{1,255}")
MOST_RECIPIENTS = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryReport:
    """Bare message ids, and addresses in lower case that will not be reached by trying again."""

    about: tuple[str, ...]
    unreachable: tuple[str, ...]


def delivery_report(mail: Message) -> DeliveryReport:
    """What a bounce says; nothing where it says it in words only."""
    about: list[str] = []
    failed = [
        found for value in header_texts(mail, "X-Failed-Recipients") for found in _ADDRESS.findall(value)
    ]
    for number, part in enumerate(mail.walk()):
        if number >= 50:
            break
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            failed += _failed(part)
        elif kind in ("message/rfc822", "message/rfc822-headers", "text/rfc822-headers"):
            about += _original_ids(part)
    return DeliveryReport(
        about=tuple(dict.fromkeys(about)),
        unreachable=tuple(dict.fromkeys(one.casefold() for one in failed))[:MOST_RECIPIENTS],
    )


def _failed(part: Message) -> Iterator[str]:
    """A block of fields a recipient; a delay is no failure, and 4.x.x is a delay."""
    blocks = payload_of(part)
    for block in blocks if isinstance(blocks, list) else []:
        if not isinstance(block, Message):
            continue
        action = " ".join(header_texts(block, "Action")).casefold()
        status = " ".join(header_texts(block, "Status")).strip()
        if action.startswith("failed") and not status.startswith("4"):
            yield from (
                found for value in header_texts(block, "Final-Recipient") for found in _ADDRESS.findall(value)
            )
            yield from (
                found
                for value in header_texts(block, "Original-Recipient")
                for found in _ADDRESS.findall(value)
            )


def _original_ids(part: Message) -> tuple[str, ...]:
    """The Message-ID of the mail that came back, and what that one referred to."""
    payload = payload_of(part)
    if isinstance(payload, list):
        original = payload[0] if payload and isinstance(payload[0], Message) else None
        if original is None:
            return ()
        names = ("References", "Message-ID")
        return message_ids(value for name in names for value in raw_headers(original, name))
    return message_ids(line for line in _header_lines(str(payload)))


def _header_lines(text: str) -> Iterator[str]:
    unfolded = re.sub(r"\r?\n[ \t]+", " ", text[:100_000])
    for line in unfolded.splitlines():
        if line.casefold().startswith(("message-id:", "references:")):
            yield line
