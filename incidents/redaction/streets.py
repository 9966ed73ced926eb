"""Where somebody lives: a street with its number, near words that say so or with a postcode. Linear in the text.

A street alone is where something is broken, and whoever mends it must know.
"""

from __future__ import annotations

import re

from incidents.redaction.masks import DIGIT

_MASK = "[address removed]"
_NAME = r"[A-ZÀ-ÞĀ-Ž][\w'’.-]{0,24}"
_PLACE = rf"(?P<place>,?[ ](?:\d{{4,5}}(?:-\d{{3,4}})?[ ])?{_NAME}(?:[ ]{_NAME}){{0,2}}(?:[ ]\d{{4,5}})?)?"
_LIVES = (
    r"live at|living at|moved to|address(?: is|:)?|deliver(?:ed)?(?: it)? to|ship(?:ped)?(?: it)? to|"
    r"went to|send(?: it)? to|wohne|adresse|anschrift|habite|vivo en|direcci[óo]n|abito|indirizzo|woon|adres"
)

_CONTEXT = re.compile(rf"(?i)\b(?:{_LIVES})")
_BEFORE = 60
_POSTCODE = re.compile(r"\b\d{4,5}\b|\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b")

_ENGLISH = re.compile(
    rf"(?<![\w.-])\d{{1,5}}[a-zA-Z]?,? (?:{_NAME} ){{1,3}}(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|"
    rf"Boulevard|Blvd|Court|Crescent|Terrace|Square|Close)\b\.?{_PLACE}"
)
# German, Dutch and Scandinavian streets are one word, and the number comes last.
_GERMANIC = re.compile(
    rf"\b(?:{_NAME}[ -])?(?:[A-ZÄÖÜ]\w{{1,24}})?(?:[sS]tra(?:ß|ss)e|[sS]tr\.|[wW]eg|[pP]latz|[aA]llee|[gG]asse|"
    rf"straat|laan|plein|gracht|kade|gatan|gata|vägen|gade|veien|vej) \d{{1,4}}[a-zA-Z]?\b{_PLACE}"
)
_FRENCH = re.compile(
    rf"(?i)(?<![\w.-])\d{{1,4}}(?: ?bis| ?ter)?,? (?:rue|avenue|boulevard|place|chemin|impasse|allée|quai) "
    rf"(?:de la |d[eu]s? |de l['’]|d['’])?[\w'’-]{{2,24}}(?-i:{_PLACE})"
)
_ROMANCE = re.compile(
    rf"\b(?:[cC]alle|[aA]venida|Avda\.|[pP]laza|[pP]aseo|[vV]ia|[vV]iale|[pP]iazza|[cC]orso|[rR]ua|[tT]ravessa|ul\.|"
    rf"[uU]lica) (?:d[aeio]l?l?a? )?{_NAME}(?: {_NAME}){{0,2}},? \d{{1,4}}\b{_PLACE}"
)
_STREETS = (_ENGLISH, _GERMANIC, _FRENCH, _ROMANCE)
_AFTER_ITS_NAME = re.compile(
    rf"(?i)(\b(?:{_LIVES})[ :,]{{1,3}}(?:in (?:der |die )?|at |au |en |is |è |ist )?)"
    rf"(?-i:\d{{1,5}} {_NAME}(?: {_NAME}){{1,3}})"
)


def mask_streets(text: str) -> str:
    """The text without addresses of people."""
    if DIGIT.search(text) is None:
        return text
    for street in _STREETS:
        text = street.sub(_masked, text)
    return _AFTER_ITS_NAME.sub(rf"\1{_MASK}", text)


def _masked(found: re.Match[str]) -> str:
    before = found.string[max(0, found.start() - _BEFORE) : found.start()]
    is_home = _CONTEXT.search(before) or _POSTCODE.search(found["place"] or "")
    return _MASK if is_home else found[0]
