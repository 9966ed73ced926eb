"""The texts that customers read, a file a language (`incidents/texts/catalogues`), and what is missing in which.

They are gettext's files, which translators have programs for; read as they are, by Babel, so nothing is built. A text
stands under its name, as in `templates`, and English has all of them.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from gettext import GNUTranslations
from importlib.resources import files
from io import BytesIO

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ENGLISH = "en"
LANGUAGES = (ENGLISH, "de", "fr", "es")
"""The languages there is a file of; a text that one lacks is said in English."""


class CatalogueText(StrEnum):
    """A text of ours for customers, by its name in the files."""

    PROGRESS = "customer.progress"
    REOPENED = "customer.reopened"
    UPDATE = "customer.update"
    WORDS = "customer.words"
    MONITORING = "customer.monitoring"
    LATE = "customer.late"
    FIXED = "customer.fixed"
    FIXED_UNCHECKED = "customer.fixed_unchecked"
    STATE_CONFIRMED = "state.confirmed"
    STATE_INVESTIGATING = "state.investigating"
    STATE_IDENTIFIED = "state.identified"
    STATE_MONITORING = "state.monitoring"
    PUBLIC_TITLE = "public.title"
    PUBLIC_OPENING = "public.opening"
    PUBLIC_PROGRESS = "public.progress"
    PUBLIC_UPDATE = "public.update"
    PUBLIC_MONITORING = "public.monitoring"
    PUBLIC_AGAIN = "public.again"
    PUBLIC_MERGED = "public.merged"
    PUBLIC_FIXED = "public.fixed"
    PUBLIC_FIXED_UNCHECKED = "public.fixed_unchecked"
    AFFECTED_TITLE = "affected.title"
    AFFECTED_OPENING = "affected.opening"
    AFFECTED_FIXED = "affected.fixed"
    AFFECTED_FIXED_UNCHECKED = "affected.fixed_unchecked"


class TimePattern(StrEnum):
    """How times are said, by its name in the files."""

    CLOCK = "time.clock"
    SPAN = "time.span"


def has_text(language: str, text: CatalogueText | TimePattern) -> bool:
    """Whether the language has it itself."""
    return text.value in _catalogue(language)[1]


def text_in(language: str, text: CatalogueText | TimePattern) -> str:
    """The text as that language has it, else in English."""
    return _catalogue(language)[0].gettext(text.value)


def plural_in(language: str, pattern: TimePattern, count: int) -> str:
    """The form of it that the language has for so many, else English's."""
    return _catalogue(language)[0].ngettext(pattern.value, pattern.value, count)


def compiled(written: bytes, language: str) -> tuple[GNUTranslations, frozenset[str]]:
    """A catalogue as gettext asks it, and the names in it."""
    found = read_po(BytesIO(written), locale=language, abort_invalid=True)
    binary = BytesIO()
    write_mo(binary, found)
    binary.seek(0)
    names = (message.id if isinstance(message.id, str) else message.id[0] for message in found if message.id)
    return GNUTranslations(binary), frozenset(names)


@cache
def _catalogue(language: str) -> tuple[GNUTranslations, frozenset[str]]:
    # Read at the first text, never on import.
    written = (files(__package__) / "catalogues" / f"{language}.po").read_bytes()
    translations, names = compiled(written, language)
    if language != ENGLISH:
        translations.add_fallback(_catalogue(ENGLISH)[0])
    return translations, names
