"""Finds payment card numbers (Luhn) and IBANs (mod 97) in text, however they are spaced, in linear time.

The checksum is what tells a card from an order number; one long number in ten that is no card is masked too,
which is the right side to err on. Sources: ISO/IEC 7812-1 (Luhn, 13 to 19 digits), ISO 13616 (IBAN).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

Span = tuple[int, int]

CARD_LENGTHS = range(13, 20)
_REACH = 20

# How people space numbers; full stops only among themselves, so that IP addresses do not join up.
_DIGIT_RUNS = (re.compile(r"\d(?:[\s_/*–-]{0,3}\d){12,}+"), re.compile(r"\d(?:\.?\d){12,}+"))
# Schemes start with 3 to 6 or with 22 to 27 (Mir, Mastercard); years and times in milliseconds do not.
_CARD_START = re.compile(r"[3-6]|2[2-7]")

_IBAN_START = re.compile(r"[A-Za-z]{2}\d{2}")
_IBAN_GAP = re.compile(r"[\s.-]{1,2}")
# An IBAN's length is fixed by its country (IBAN Registry): it tells where the number ends and prose goes on.
_IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO", 16: "BE", 18: "DK FI FK FO GL NL SD", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV", 22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL",
        24: "AD CZ DZ ES MD PK RO SA SE SK TN VG", 25: "AO LY PT ST", 26: "IS TR",
        27: "BF BI CM DJ FR GR IT MC MG MR SM", 28: "AL AZ BJ BY CI CY DO GT HN HU LB MA ML NE NI PL SN SV "
        "TG",
        29: "BR EG PS QA UA", 30: "JO KW MU YE", 31: "MT SC", 32: "LC", 33: "RU",
    }.items()
    for country in countries.split()
}  # fmt: skip


def mask_cards(text: str, mask: str) -> str:
    """The text with every possible card number replaced, also one with other digits stuck to it."""
    return _masked(text, _merged(_cards(text)), mask)


def mask_ibans(text: str, mask: str) -> str:
    """The text with every valid IBAN replaced."""
    return _masked(text, _merged(_ibans(text)), mask)


def is_luhn_valid(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        total += _doubled(int(digit)) if place % 2 else int(digit)
    return total % 10 == 0


def _cards(text: str) -> Iterator[Span]:
    for run in (run for pattern in _DIGIT_RUNS for run in pattern.finditer(text)):
        places = [place for place in range(*run.span()) if text[place].isdecimal()]
        digits = "".join(str(unicodedata.decimal(text[place])) for place in places)
        for start, end in _luhn_windows(digits):
            yield _whole_group(text, places[start], places[end - 1] + 1)


def _whole_group(text: str, start: int, end: int) -> Span:
    """With the digits that touch it, as far as an account number reaches: no odd half stays behind."""
    first, last = max(0, start - _REACH), min(len(text), end + _REACH)
    while start > first and text[start - 1].isdecimal():
        start -= 1
    while end < last and text[end].isdecimal():
        end += 1
    return start, end


def _luhn_windows(digits: str) -> Iterator[Span]:
    """Every window of a card's length that holds. Running sums make each check a subtraction."""
    even, odd = [0], [0]  # the sum so far with digits at even (odd) places doubled
    for place, digit in enumerate(map(int, digits)):
        even.append(even[-1] + (_doubled(digit) if place % 2 == 0 else digit))
        odd.append(odd[-1] + (_doubled(digit) if place % 2 else digit))
    for start in range(len(digits) - CARD_LENGTHS.start + 1):
        if not _CARD_START.match(digits, start):
            continue
        for end in range(start + CARD_LENGTHS.start, min(start + CARD_LENGTHS.stop, len(digits) + 1)):
            sums = even if end % 2 == 0 else odd  # the last digit is never doubled, the one before is
            if (sums[end] - sums[start]) % 10 == 0:
                yield start, end


def _doubled(digit: int) -> int:
    return digit * 2 - 9 if digit > 4 else digit * 2


def _ibans(text: str) -> Iterator[Span]:
    for start in _IBAN_START.finditer(text):
        length = _IBAN_LENGTHS.get(start.group()[:2].upper())
        found = _alphanumerics(text, start.start(), length) if length is not None else None
        if found is not None and _is_mod97(found[0]):
            yield start.start(), found[1]


def _alphanumerics(text: str, place: int, count: int) -> tuple[str, int] | None:
    """The next `count` letters and digits, gaps of two left out, and where they end."""
    taken: list[str] = []
    while len(taken) < count:
        if taken and (gap := _IBAN_GAP.match(text, place)):
            place = gap.end()
        if place >= len(text) or not text[place].isascii() or not text[place].isalnum():
            return None
        taken.append(text[place])
        place += 1
    return "".join(taken).upper(), place


def _is_mod97(iban: str) -> bool:
    return int("".join(str(int(character, 36)) for character in iban[4:] + iban[:4])) % 97 == 1


def _merged(spans: Iterable[Span]) -> Iterator[Span]:
    """Overlapping spans as one, in order."""
    current: Span | None = None
    for start, end in sorted(spans):
        if current is not None and start <= current[1]:
            current = (current[0], max(current[1], end))
            continue
        if current is not None:
            yield current
        current = (start, end)
    if current is not None:
        yield current


def _masked(text: str, spans: Iterable[Span], mask: str) -> str:
    parts: list[str] = []
    done = 0
    for start, end in spans:
        parts += text[done:start], mask
        done = end
    return "".join([*parts, text[done:]])
