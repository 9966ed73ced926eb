"""GET and POST /pages/{token}: the page that somebody was woken with, and the buttons by which they have it, wake the
next one, hand it back with a reason, or say that it works again.

The token is signed (`incidents.rotas.page_links`) and is all that guards it. Only the button acknowledges: whatever
merely looks (mail scanners, link previews) changes nothing. Nothing here may keep webhooks waiting: only a few are
answered at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from html import escape
from urllib.parse import parse_qs

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.types import Receive

from deployments.gateway.answers import Headers, HookAnswer, busy
from deployments.gateway.bodies import Gone
from incidents.models import PageStatus
from incidents.rotas.page_links import PATH, read_token
from incidents.store.database import Database
from incidents.store.roster.acts import LinkedPage, end_page, linked_page, take_page
from incidents.store.roster.giving_on import give_on, refuse_page
from incidents.texts.catalogue import ENGLISH
from incidents.texts.team import team_language, team_reads, worded
from incidents.texts.times import day_and_clock

__all__ = ["PATH", "PageAnswers"]

OVER, NEXT, NOT_US = "/over", "/next", "/not-us"
MOST_BYTES = 8_192
"""Of a form with a reason in it."""
AT_ONCE = 4
ANSWER_SECONDS = 8.0

_HEADERS: Headers = (
    (b"cache-control", b"no-store"),
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-robots-tag", b"noindex, nofollow"),
)
_HTML = "text/html; charset=utf-8"
_STYLE = (
    # Read in the dark, and on a telephone: what is broken leaves room for the buttons.
    ":root{color-scheme:light dark}body{background:Canvas;color:CanvasText}a{color:LinkText}"
    "h1{font-size:1.3rem}main{overflow-wrap:anywhere}"
    "input{font:inherit;width:100%;box-sizing:border-box}a{display:inline-block;padding:.25rem .75rem .25rem 0}"
    "body{font:1.1rem/1.5 sans-serif;max-width:40rem;margin:1rem auto;padding:0 1rem}"
    "button{font:inherit;padding:1rem 2rem;width:100%;margin:.25rem 0}"
    ".quiet{background:none;border:1px solid}pre{white-space:pre-wrap;overflow-wrap:anywhere}"
)

TOO_BUSY = busy(b"we have our hands full; please try again\n")
ONLY_GET_AND_POST = HookAnswer(405, b"pages are read and taken\n", headers=((b"allow", b"GET, HEAD, POST"),))


class PageAnswers:
    """Shows pages and takes them; `key` is the operator's, `language` what those who are woken read."""

    def __init__(
        self,
        database: Database,
        key: str,
        *,
        clock: Callable[[], datetime],
        language: Callable[[], str] = lambda: ENGLISH,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._database = database
        self._key = key
        self._clock = clock
        self._language = language
        self._answer_seconds = answer_seconds
        self._free = asyncio.Semaphore(AT_ONCE)

    async def answer(self, token: str, *, method: str, receive: Receive | None = None) -> HookAnswer:
        """`token` is what follows /pages/; what stands after it says which other button was pressed. Only a form of our
        own, with a token that we signed, has its body read.

        A token of a stranger's and one whose page is gone look the same.
        """
        if method not in ("GET", "HEAD", "POST"):
            return ONLY_GET_AND_POST
        with team_reads(self._language()):
            return await self._answer(token, method=method, receive=receive)

    async def _answer(self, token: str, *, method: str, receive: Receive | None) -> HookAnswer:
        token, slash, button = token.partition("/")
        button = f"{slash}{button}"
        if button not in ("", OVER, NEXT, NOT_US):
            return _gone()
        link = read_token(self._key, token)
        if link is None:
            return _gone()
        if link.until <= self._clock():
            return _html(
                410,
                worded("This link is too old"),
                _paragraph(worded("It was good for a day. See the incident's chat room.")),
            )
        try:
            async with asyncio.timeout(self._answer_seconds):
                is_refused = method == "POST" and button == NOT_US
                why = await _reason(receive) if is_refused and receive is not None else ""
                async with self._free, self._database.transaction() as tx:
                    if method == "POST":
                        page, said = await _pressed(tx, button, link.notice, why, now=self._clock())
                    else:
                        page, said = await linked_page(tx, link.notice), ""
        except TimeoutError:
            return TOO_BUSY
        return _gone() if page is None else _shown(page, f"../{token}" if button else token, said)


async def _pressed(
    tx: AsyncConnection, button: str, notice: int, why: str, *, now: datetime
) -> tuple[LinkedPage | None, str]:
    """The page after the button, and what it did besides what the page shows."""
    if button == OVER:
        return await end_page(tx, notice, now=now), ""
    if button == NOT_US:
        is_told = await refuse_page(tx, notice, why, now=now)
        said = (
            worded(
                "Told: it is not yours. The team that it may be for is woken, or those who are accountable."
            )
            if is_told
            else worded("Nothing was done: it is not yours to hand back.")
        )
        return await linked_page(tx, notice), said
    if button == NEXT:
        following = await give_on(tx, notice, now=now)
        said = (
            worded("{who} is woken now.", who=following)
            if following
            else worded("There is nobody further on this page's list.")
        )
        return await linked_page(tx, notice), said
    return await take_page(tx, notice, now=now), ""


async def _reason(receive: Receive) -> str:
    """What stands in the form; nothing of one that is too long."""
    body, is_more = b"", True
    while is_more and len(body) <= MOST_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        body, is_more = body + message.get("body", b""), message.get("more_body", False)
    if len(body) > MOST_BYTES:
        return ""
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=4)
    except ValueError:
        return ""
    return fields.get("why", [""])[0].strip()


def _gone() -> HookAnswer:
    return _html(
        404,
        worded("There is no such page"),
        _paragraph(worded("The link may have been cut off: copy all of it.")),
    )


def _shown(page: LinkedPage, address: str, said: str = "") -> HookAnswer:
    notes = "".join(f"<li>{escape(note)}</li>" for note in page.notes)
    body = (
        f"<p><strong>{escape(_standing(page))}</strong></p>"
        + (f'<p role="status">{escape(said)}</p>' if said else "")
        + _buttons(page, address)
        + f"<p>{_links(page.words.links)}</p><pre>{escape(page.words.text)}</pre>"
        + (f"<h2>{escape(worded('Notes'))}</h2><ul>{notes}</ul>" if notes else "")
    )
    return _html(200, page.words.summary, body)


def _standing(page: LinkedPage) -> str:
    at = day_and_clock(page.at)
    if page.status is PageStatus.RESOLVED:
        if page.by:
            return worded(
                "It is over since {time}, {who} had it. Nobody needs to do anything more.",
                time=at,
                who=page.by,
            )
        return worded("It is over since {time}. Nobody needs to do anything more.", time=at)
    if page.status is PageStatus.TRIGGERED:
        return worded("Nobody has it yet. Woken since {time}.", time=at)
    if page.by == page.person:
        return worded("You have it since {time}, {who}. Nobody further is woken.", time=at, who=page.person)
    who = page.by or worded("Somebody")
    return worded("{who} has it since {time}. Nobody further is woken.", time=at, who=who)


def _buttons(page: LinkedPage, address: str) -> str:
    if page.status is PageStatus.RESOLVED:
        return ""
    # The forms have nothing in them but the button, and no address of the gateway's own: a proxy may put one before it.
    has_it = page.status is PageStatus.ACKNOWLEDGED and page.by == page.person
    is_theirs = has_it or page.status is PageStatus.TRIGGERED
    # Whoever is half awake shall not say by a slip that it is over: that stands after what wakes somebody.
    ends = _form(f"{address}{NEXT}", _quiet(worded("Escalate: wake the next one"))) if is_theirs else ""
    ends += _form(f"{address}{OVER}", _quiet(worded("It works again")))
    if is_theirs:
        ends += _form(
            f"{address}{NOT_US}",
            f"<label>{escape(worded('Why it is not yours'))}"
            f' <input name="why" maxlength="500" required></label>{_quiet(worded("Not us"))}',
        )
    if has_it:
        return ends
    is_nobodys = page.status is PageStatus.TRIGGERED
    words = worded("I have it") if is_nobodys else worded("I take it over")
    return f"{_form(address, f'<button>{escape(words)} ({escape(page.person)})</button>')}{ends}"


def _links(lines: str) -> str:
    """Run book, board, room and tickets, to be pressed; what is no web address stands as it is written."""
    found = (line.partition(": ") for line in lines.splitlines())
    return " ".join(
        f'<a href="{escape(url)}">{escape(label)}</a>'
        if url.startswith(("https://", "http://", "mailto:"))
        else escape(f"{label}{between}{url}")
        for label, between, url in found
    )


def _quiet(words: str) -> str:
    return f'<button class="quiet">{escape(words, quote=False)}</button>'


def _paragraph(words: str) -> str:
    return f"<p>{escape(words, quote=False)}</p>"


def _form(address: str, button: str) -> str:
    return f'<form method="post" action="{escape(address)}">{button}</form>'


def _html(status: int, title: str, body: str) -> HookAnswer:
    shown = escape(title)
    text = (
        f'<!doctype html><html lang="{team_language()}"><head><meta charset="utf-8"><title>{shown}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><main><h1>{shown}</h1>{body}</main></body></html>\n"
    )
    return HookAnswer(status, text.encode(), headers=_HEADERS, content_type=_HTML)
