"""Finds payment card numbers (Luhn) and IBANs (mod 97) in text, however they are spaced, in linear time.

The checksum is what tells a card from an order number; one long number in ten that is no card is masked too,
which is the right side to err on. Sources: ISO/IEC 7812-1 (Luhn, 13 to 19 digits), ISO 13616 (IBAN).

What an IBAN is, `python-stdnum` knows. Its Luhn check is not used: every place and every length of a number must
be tried, and with running sums a try is one subtraction instead of a pass over the digits, on text that a
stranger chooses. A test holds the two to the same verdict.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

from stdnum import numdb
from stdnum.iso7064 import mod_97_10

Span = tuple[int, int]

CARD_LENGTHS = range(13, 20)
_REACH = 20

# How people space numbers; full stops only among themselves, so that IP addresses do not join up.
_DIGIT_RUNS = (re.compile(r"\d(?:[\s/*–-]{0,3}\d){12,}+"), re.compile(r"\d(?:\.?\d){12,}+"))
# How programs and lists part them: one and the same between all groups, or it would be a list of other numbers.
_GROUPS = re.compile(
    r"(?<![\w.,])\d{1,6}(?P<gap>[ \u00a0]?(?:[,;|:_+~·/\\.-]|%[0-9A-Fa-f]{2}|&nbsp;)[ \u00a0]?|<br>)"
    r"\d{1,6}(?:(?P=gap)\d{1,6}){1,17}+(?!\w)"
)
# Commits and checksums, in which digits stand together by chance.
_HASH = re.compile(r"(?<![\w])(?=[0-9]{0,30}[a-f])(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})(?!\w)")
# Schemes start with 3 to 6 or with 22 to 27 (Mir, Mastercard); years and times in milliseconds do not.
_CARD_START = re.compile(r"[3-6]|2[2-7]")

_IBAN_START = re.compile(r"[A-Za-z]{2}\d{2}")
_IBAN_GAP = re.compile(r"[\s.-]{1,2}")
# These countries' banks write IBANs that the official registry, and so the library, does not list yet.
_UNREGISTERED = {"DZ": 24, "AO": 25, "BF": 27, "CM": 27, "MG": 27} | dict.fromkeys(
    ("BJ", "CI", "MA", "ML", "NE", "SN", "TG"), 28
)


def mask_cards(text: str, mask: str) -> str:
    """The text with every possible card number replaced, also one with other digits stuck to it."""
    return _masked(text, _merged(_cards(text)), mask)


def mask_ibans(text: str, mask: str) -> str:
    """The text with every valid IBAN replaced."""
    return _masked(text, _merged(_ibans(text)), mask)


def _cards(text: str) -> Iterator[Span]:
    yield from _grouped(text)
    # Of the same length, so that places stay.
    text = _HASH.sub(lambda found: "x" * len(found[0]), text)
    for run in (run for pattern in _DIGIT_RUNS for run in pattern.finditer(text)):
        places = [place for place in range(*run.span()) if text[place].isdecimal()]
        digits = "".join(str(unicodedata.decimal(text[place])) for place in places)
        for start, end in _luhn_windows(digits):
            yield _whole_group(text, places[start], places[end - 1] + 1)


def _grouped(text: str) -> Iterator[Span]:
    """Numbers in groups; a card begins and ends with one."""
    for run in _GROUPS.finditer(text):
        gap = run["gap"]
        groups = run[0].split(gap)
        digits = "".join(groups)
        if CARD_LENGTHS.start <= len(digits) < CARD_LENGTHS.stop and (0, len(digits)) in set(
            _luhn_windows(digits)
        ):
            yield run.span()


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
        length = _iban_length(start.group()[:2].upper())
        found = _alphanumerics(text, start.start(), length) if length is not None else None
        # Not `stdnum.iban`: a national check that fails, where a bank has its own ways, must not keep one in.
        if found is not None and mod_97_10.checksum(found[0][4:] + found[0][:4]) == 1:
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


@lru_cache(maxsize=26 * 26)
def _iban_length(country: str) -> int | None:
    """The length is fixed by the country: it tells where the number ends and prose goes on."""
    for _part, found in numdb.get("iban").info(country):
        if "bban" in found:
            # The registry writes a structure as 8!n10!n: eight digits, then ten.
            return 4 + sum(int(count) for count in re.findall(r"\d+", found["bban"]))
    return _UNREGISTERED.get(country)


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
