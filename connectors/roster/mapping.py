"""Pages as people read them on a phone, and acts of people as deliveries.

What a page says comes from tickets, and is read by services that know mentions, links and markup. So what could make
them is put into signs that look alike and mean nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from connectors.kit.fields import any_text, record, utc_time
from connectors.kit.strict_json import parse_json
from incidents.errors import Unrecognised
from incidents.events import Event, PageChange, PageEvent, Verified
from incidents.models import Page
from incidents.rotas.page_desk import DueNotice, NoticeKind, PageAct, PageWords
from incidents.rotas.page_replies import answered_by_mail, over_words
from incidents.texts.plain_text import cut, one_line, visible
from incidents.texts.team import worded
from incidents.texts.times import duration

TITLE_LIMIT = 200
TEXT_LIMIT = 3000
"""What a phone shows, and what the strictest services take."""

_CHANGES = {
    str(change): change
    for change in (
        PageChange.ACKNOWLEDGED,
        PageChange.RESOLVED,
        PageChange.ESCALATED,
        PageChange.UNACKNOWLEDGED,
        PageChange.NOT_US,
    )
}
_HARMLESS = str.maketrans({"@": "\N{FULLWIDTH COMMERCIAL AT}", "<": "\u2039", ">": "\u203a", "`": "'"})


def words_of(page: Page) -> PageWords:
    """What the page says, cut to what a phone shows, with its links apart."""
    links = "\n".join(f"{one_line(link.label)}: {link.url}" for link in page.links)
    text = "\n".join(f"{label}: {visible(value)}" for label, value in page.details)
    return PageWords(
        summary=cut(one_line(page.summary), TITLE_LIMIT),
        text=cut(text, max(TEXT_LIMIT - len(links), 0)),
        links=links,
    )


def harmless(text: str) -> str:
    """Without what a chat service or a mail program would take for a mention, a link or markup."""
    return text.translate(_HARMLESS).replace("://", ":/\u200b/")


def notice_of(notice: DueNotice, link: str, *, by_mail: bool = False) -> tuple[str, str]:
    """Title and text of what is sent. `link` is where to say "I have it", "" where there is no such place; `by_mail`:
    an answer by mail says it as well."""
    title = harmless(notice.words.summary)
    answer = answered_by_mail() if by_mail else ""
    if notice.kind is NoticeKind.ANSWER:
        return f"Re: {title}", harmless(notice.said)
    if notice.kind is NoticeKind.OVER:
        return worded("Over: {title}", title=title), over_words(notice.changed_by)
    how = (
        worded("Say that you have it, or that it works again: {link}", link=link)
        if link
        else worded("Say that you have it in the incident's chat room (ack).")
    )
    then = worded("Without an answer the next attempt is made in {span}.", span=duration(notice.wait))
    how = f"{how}\n{answer}" if answer else how
    return title, f"{how}\n{then}\n\n{harmless(notice.words.text)}\n{notice.words.links}".rstrip()


def delivery_of(act: PageAct) -> Verified:
    """What a person did, as the inbox keeps it."""
    body = {
        "page": str(act.page_id),
        "key": act.key,
        "change": act.change,
        "actor": act.actor,
        "text": act.text,
        "at": act.at.isoformat(),
    }
    return Verified(headers=(), body=json.dumps(body).encode(), identity=f"roster:{act.id}")


def events_of(connection: str, verified: Verified) -> Sequence[Event]:
    """Somebody has taken a page, or ended it. Raises `Unrecognised` for what is none of ours."""
    document = record(parse_json(verified.body))
    page, key = any_text(document.get("page")), any_text(document.get("key"))
    change = _CHANGES.get(any_text(document.get("change")) or "")
    if not page or not key or change is None:
        raise Unrecognised("roster: a delivery that names no page, or nothing done to it")
    return [
        PageEvent(
            connection=connection,
            page_id=page,
            key=key,
            change=change,
            at=utc_time(document.get("at"), of="roster"),
            actor=any_text(document.get("actor")),
            text=any_text(document.get("text")),
        )
    ]
