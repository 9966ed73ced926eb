"""Takes out of a customer's text what nobody else may read: cards, accounts, addresses, numbers, secrets.

What is taken leaves a word in its place (`[card removed]`), so that the rest stays readable. Best effort by
its nature; when in doubt it removes. The helpdesk keeps the original. Nothing that was not looked at is ever
handed on: a text that is too long loses its end.
"""

from __future__ import annotations

from collections.abc import Callable

from incidents.redaction.account_numbers import mask_cards, mask_ibans
from incidents.redaction.codes import CODES_NAMED
from incidents.redaction.masks import DIGIT
from incidents.redaction.named_secrets import COOKIES_AND_QUERIES, PASSWORDS_NAMED, PASSWORDS_TOLD
from incidents.redaction.national_ids import mask_national_ids
from incidents.redaction.personal import EMAIL, IDS_AND_DATES, PHONES
from incidents.redaction.streets import mask_streets
from incidents.redaction.tokens import TOKENS
from incidents.texts.plain_text import cut, visible

LOOKED_AT = 50_000
"""Characters that are looked at; what comes after is dropped."""

_SEAM = 400
"""Characters given up before a cut, so that no half of a number or address is left standing there."""


def redact(text: str) -> str:
    """The text with personal and secret parts masked, and without invisible characters that could hide them.

    Time grows in proportion to the text, whatever is in it.
    """
    seen = visible(text)
    if len(seen) <= LOOKED_AT:
        return _masked(seen)
    return _masked(seen[:LOOKED_AT])[:-_SEAM] + "… [rest removed]"


def safe_excerpt(text: str, limit: int, *, redactor: Callable[[str], str] = redact) -> str:
    """At most `limit` characters of the redacted text, for pages, chat and notes.

    Empty when the redactor fails: then say the ticket's number and link, never its words.
    """
    try:
        return cut(redactor(text).strip(), limit)
    except Exception:  # noqa: BLE001  whatever went wrong, unredacted words must not leave
        return ""


def _masked(text: str) -> str:
    for masks in (TOKENS, COOKIES_AND_QUERIES, PASSWORDS_NAMED, PASSWORDS_TOLD, CODES_NAMED, EMAIL):
        text = masks.mask(text)
    if DIGIT.search(text) is not None:
        # A checksum says more than a shape.
        text = mask_cards(mask_ibans(text, "[IBAN removed]"), "[card removed]")
    # Streets before telephones, which would take a house's number with the postcode.
    text = mask_streets(mask_national_ids(IDS_AND_DATES.mask(text)))
    return PHONES.mask(text)
