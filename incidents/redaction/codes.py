"""Codes and PINs: few digits that are called so. Linear in the text, see `tokens`."""

from __future__ import annotations

import re

from incidents.redaction.masks import DIGIT, Masks
from incidents.redaction.secret_words import CODES

_MASK = r"\1[secret removed]"
_FEW = r"(?:[ ,]{1,3}[^\W\d_]{1,15}){0,4}?"
_DIGITS = r"(?<![\d.,])(?:\d{2,4}[ -]\d{2,4}|\d{4,8})(?![\d]|[.,:]\d)"
_SHORT_DIGITS = r"(?<![\d.,])(?:\d{2,4}[ -]\d{2,4}|\d{3,8})(?![\d]|[.,:]\d)"

CODES_NAMED = Masks(
    needs=DIGIT,
    replacements=(
        # Codes of digits.
        (re.compile(r"(?i)(\b(?:cvv2?|cvc2?|cvn|csc)\b[^\d\n]{0,15})\d{3,4}(?!\d)"), _MASK),
        (
            re.compile(
                rf"(?i)((?:{CODES})(?:[^\S\n]{{0,2}}[:=：#-]|{_FEW})"
                rf"\W{{0,4}}?[^\d\n]{{0,4}}?){_SHORT_DIGITS}(?! times| mal\b)"
            ),
            _MASK,
        ),
        (
            re.compile(
                rf"(?i)((?:\bmy|\bthe|\bthis|\ba|\bder|\bden|\ble|\bel|\bil|\bo|\byour)[ ](?:code|"
                rf"código|codice)(?:[ ,]{{1,3}}(?:is|was|i|we|you|"
                rf"got|received|entered|typed|sent|ich|bekam|bekommen|habe|ist|que|recibí|es|reçu|par|"
                rf"sms|est|recebi|é|che|ho|ricevuto|"
                rf"by|from|text)){{1,6}}[ ,]{{1,3}}){_DIGITS}"
            ),
            _MASK,
        ),
        (
            re.compile(
                rf"(?i)((?:received|got|typed|entered|entering|sent|use)[ ](?:(?:the|a|this|my)"
                rf"[ ])?code[ ]){_DIGITS}|"
                rf"(?<![\w])((?<!error )(?<!status )(?<!exit )(?<!return )(?<!response )"
                rf"code[ ]){_DIGITS}(?=[ ](?:sent|by|from|that)\b)"
            ),
            r"\1\2[secret removed]",
        ),
    ),
)
