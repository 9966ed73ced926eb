"""A ticket's articles: whose they are, who sees them, and how ours are written.

Facts: https://docs.zammad.org/en/latest/api/ticket/articles.html. An article that does not say `internal` is public,
and one of type `email` is mailed to `to` whatever `internal` says: a note for colleagues is always `note` and
`internal: true`, a reply always `email` and `internal: false`. `once` is kept in the article's `preferences`, which a
new article takes along as given (Zammad's `CreatesTicketArticles#article_create`) and no reader is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.kit.fields import any_text, record, text, utc_time
from connectors.zammad.mapping import body_of
from incidents.models import Author, Comment, InternalText, Origin, PublicText

ONCE = "liaison_once"
PRIVATE = "liaison_private"
NOTE, EMAIL = "note", "email"
CUSTOMER, AGENT, SYSTEM = "Customer", "Agent", "System"


def note(words: InternalText, once: str) -> dict[str, Any]:
    """An article for colleagues."""
    return {
        "type": NOTE,
        "internal": True,
        "sender": "Agent",
        "body": words,
        "content_type": "text/plain",
        "preferences": {ONCE: once, PRIVATE: True},
    }


def reply(words: PublicText, once: str, *, to: str, subject: str) -> dict[str, Any]:
    """A mail to the customer."""
    return {
        "type": EMAIL,
        "internal": False,
        "sender": "Agent",
        "to": to,
        "subject": subject,
        "body": words,
        "content_type": "text/plain",
        "preferences": {ONCE: once},
    }


def is_readable_by_customers(article: Mapping[str, Any]) -> bool:
    """Whether an article shows its words to customers: by its flag, or by the mail that its type sends."""
    return article.get("internal") is not True or text(article.get("type")) == EMAIL


def is_exposed_note(article: Mapping[str, Any]) -> bool:
    """Whether it is a note of ours, which is for colleagues, and customers read it: our replies are mails."""
    is_note = text(article.get("type")) == NOTE or record(article.get("preferences")).get(PRIVATE) is True
    return is_note and is_readable_by_customers(article)


def is_hidden_reply(article: Mapping[str, Any]) -> bool:
    """Whether it is a reply of ours, which is public, and its ticket shows it to colleagues only."""
    is_note = record(article.get("preferences")).get(PRIVATE) is True
    return not is_note and article.get("internal") is not False


def with_key(articles: Sequence[Mapping[str, Any]], once: str) -> Mapping[str, Any] | None:
    """The article that was written with this key."""
    return next((one for one in articles if record(one.get("preferences")).get(ONCE) == once), None)


def comments_from(
    articles: Sequence[Mapping[str, Any]], *, own_user_id: str | None, since: datetime
) -> list[Comment]:
    """All but the first, which is the ticket's body, written at or after `since`."""
    return [
        _comment(one, at, own_user_id)
        for one in articles[1:]
        if (at := utc_time(one.get("created_at"), of="zammad")) >= since
    ]


def _comment(article: Mapping[str, Any], at: datetime, own_user_id: str | None) -> Comment:
    sender = text(article.get("sender"))
    author = Author.AGENT
    if own_user_id is not None and any_text(article.get("created_by_id")) == own_user_id:
        author = Author.LIAISON
    elif sender == CUSTOMER:
        author = Author.CUSTOMER
    # Mail that Zammad itself takes for an automatic answer, and what its triggers wrote.
    is_automatic = record(article.get("preferences")).get("is-auto-response") is True or sender == SYSTEM
    return Comment(
        id=any_text(article.get("id")),
        author=author,
        author_name=text(article.get("from")),
        is_public=article.get("internal") is False,
        text=body_of(article),
        at=at,
        origin=Origin.AUTOMATIC if is_automatic else Origin.PERSON,
        author_id=any_text(article.get("created_by_id")),
        # A mail's article is an `email`; a `note` is written by who is logged in, and only an agent's says so.
        is_signed_in=text(article.get("type")) == NOTE and sender == AGENT,
    )
