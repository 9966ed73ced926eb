"""In which language, and by whose clock, somebody is told something; and how times are said there (CLDR, by Babel).

What a helpdesk or a mail says of it is a stranger's word: what is no language of ours, or no zone, counts as unsaid.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_skeleton, format_time, get_datetime_format, get_timezone_name
from babel.lists import format_list

from incidents.texts.catalogue import (
    ENGLISH,
    LANGUAGES,
    CatalogueText,
    TimePattern,
    has_text,
    plural_in,
    text_in,
)

_TAG = re.compile(
    r"([a-z]{2,3})(?:[-_][a-z]{4})?(?:[-_]([a-z]{2}|[0-9]{3}))?(?:[-_.@].{0,40})?", re.IGNORECASE
)
# English without a country: day before month, and hours to 24.
_PLAIN = {ENGLISH: "en_150"}
_UTC = "UTC"
_SHORT_ZONE = re.compile(r"[A-Z]{2,5}")


@dataclass(frozen=True, slots=True)
class Tongue:
    """`locale` as CLDR names it (`de`, `de_AT`); `zone` as IANA does (`Europe/Berlin`)."""

    locale: str
    zone: str = _UTC

    @property
    def language(self) -> str:
        """The language alone: `de`."""
        return self.locale.partition("_")[0]

    def moment(self, at: datetime, *, now: datetime) -> str:
        """A moment as it is said there, to the minute: `14:30 UTC`, `15:30 Uhr MEZ`; with its date where that is
        another one there than `now`'s."""
        return _moment(at, self, now.astimezone(_zone(self.zone)).date())

    def moments(self, times: Sequence[datetime], *, now: datetime, most: int = 3) -> str:
        """Several, the zone said once: `10:05 and 10:35 UTC`; the first and the last of more than `most`."""
        zone = _zone(self.zone)
        shown = [_bare(at, self, now.astimezone(zone).date()) for at in times]
        if len(times) > most:
            pattern = plural_in(self.language, TimePattern.SPAN, len(times))
            last = _with_zone(shown[-1], times[-1], self)
            return pattern.format(first=shown[0], last=last, count=len(times))
        return format_list([*shown[:-1], _with_zone(shown[-1], times[-1], self)], locale=self.locale)


@dataclass(frozen=True, slots=True)
class Wording:
    """A text for customers: ours of that name, or the words that the operator has put in its place."""

    ours: CatalogueText
    own: str | None = None

    def spoken(self, reader: Tongue, default: Tongue) -> tuple[str, Tongue]:
        """The template for this reader, and how the rest of the message is said. The operator's own words stay as they
        are, in the language of `default`; ours are English where the reader's language lacks them."""
        if self.own is not None:
            return self.own, Tongue(default.locale, reader.zone)
        if has_text(reader.language, self.ours):
            return text_in(reader.language, self.ours), reader
        return text_in(ENGLISH, self.ours), Tongue(_PLAIN[ENGLISH], reader.zone)


def tongue(tags: Sequence[str], zones: Sequence[str]) -> Tongue | None:
    """By the first tag (`de-AT`, `en_US`) that is a language of ours and the first zone that there is; None where no
    tag is."""
    locale = next(filter(None, map(locale_of, tags)), None)
    zone = next((one for one in zones if is_zone(one)), _UTC)
    return None if locale is None else Tongue(locale, zone)


@lru_cache(maxsize=512)
def locale_of(tag: str) -> str | None:
    """`de_AT` for `de-at`; `de` where CLDR does not know that country's German; None where we do not speak it."""
    match = _TAG.fullmatch(tag.strip()[:80])
    language = match[1].lower() if match is not None else ""
    if match is None or language not in LANGUAGES:
        return None
    if match[2]:
        try:
            return str(Locale(language, territory=match[2].upper()))
        except UnknownLocaleError:
            pass
    return _PLAIN.get(language, language)


@lru_cache(maxsize=1024)
def is_zone(name: str) -> bool:
    """Whether it is a time zone's name: `Europe/Berlin`."""
    try:
        return bool(name) and bool(_zone(name[:80]).key)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


def language_tag(said: str) -> str:
    """A language as somebody outside names it, fit to be kept; "" for what cannot be one; of a list the first."""
    first = next(iter(re.split(r"[,;]", said[:200])), "").strip()
    return first.replace("_", "-") if _TAG.fullmatch(first) else ""


def time_zone(said: str) -> str:
    """A zone as somebody outside names it, fit to be kept; "" for what is none."""
    return said if is_zone(said) else ""


def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@lru_cache(maxsize=4096)
def _moment(at: datetime, spoken: Tongue, today: date) -> str:
    return _with_zone(_bare(at, spoken, today), at, spoken)


def _bare(at: datetime, spoken: Tongue, today: date) -> str:
    """The time, with its date on another day."""
    zone = _zone(spoken.zone)
    time = " ".join(format_time(at, "short", tzinfo=zone, locale=spoken.locale).split())
    if at.astimezone(zone).date() == today:
        return time
    day = format_skeleton("MMMMd", at, tzinfo=zone, locale=spoken.locale)
    return str(get_datetime_format("medium", locale=spoken.locale)).replace("'", "").format(time, day)


def _with_zone(time: str, at: datetime, spoken: Tongue) -> str:
    pattern = text_in(spoken.language, TimePattern.CLOCK)
    return pattern.format(time=time, zone=_zone_name(at, spoken))


def _zone_name(at: datetime, spoken: Tongue) -> str:
    """What people there call it (`MEZ`), else how far it is from UTC."""
    local = at.astimezone(_zone(spoken.zone))
    offset = local.utcoffset()
    if not offset:
        short = get_timezone_name(local, "short", locale=spoken.locale)
        return short if short in ("GMT", "WET") else _UTC
    short = get_timezone_name(local, "short", locale=spoken.locale)
    if _SHORT_ZONE.fullmatch(short):
        return short
    sign, minutes = "-" if offset.total_seconds() < 0 else "+", abs(int(offset.total_seconds())) // 60
    return f"{_UTC}{sign}{minutes // 60:02d}:{minutes % 60:02d}"
