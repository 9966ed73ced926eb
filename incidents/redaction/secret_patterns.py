"""What secrets look like: passwords, tokens, keys, logins in addresses, mail addresses, telephone numbers.

Every pattern is linear in the text, because the text is a stranger's: each repeat is bounded, or possessive
and followed by nothing that could fail. Formats are as the vendors publish them; the named-secret patterns
know the words of seven languages.
"""

from __future__ import annotations

import re

Replacement = tuple[re.Pattern[str], str]

_NOT_MASKED_YET = r"(?!\[[a-z]{1,10} removed\])"

_PASSWORDS = (
    "password|passwort|kennwort|passwd|passphrase|passcode|pwd|mot de passe|contrase[ñn]a|wachtwoord|"
    "palavra-passe|senha"
)
_SECRETS = (
    "(?:api|access|private|secret|signing|account)[ _-]?key|secret|token|credentials?|connectionstring|"
    "session_?id|otp|cvv2?|cvc2?|(?:security|verification) code"
)
# What may stand round the colon: white space, quotes, Markdown's stars, HTML's tags.
_DECORATION = r"""(?:[\s*_`~"']|\\["']|&nbsp;|</?[a-z][^<>\n]{0,60}>){0,6}"""
_BEFORE_VALUE = r"""(?:[\s*_`~]|&nbsp;|</?[a-z][^<>\n]{0,60}>){0,6}+"""
_VALUE = r"""(?:\\"[^"\\\n]*+(?:\\")?|"(?:[^"\\\n]|\\.)*+"?|'(?:[^'\\\n]|\\.)*+'?|[^\s"'<>][^\s"<>]*+)"""
# "my password is wrong" tells an engineer something; the word after "is" is kept when it is one of these.
_ABOUT_PASSWORDS = (
    "(?:wrong|incorrect|invalid|correct|right|not|no|expired|rejected|reset|being|always|never|still|too|the|"
    "falsch|richtig|nicht|abgelaufen|ungültig|incorrecte?|invalide|expiré|pas|incorrecta|errat[ao]|verkeerd|"
    r"required|accepted|refused|ok|okay|working)(?!\w)"
)

KEYS_AND_TOKENS: tuple[Replacement, ...] = (
    (
        re.compile(
            r"-----BEGIN [A-Z0-9 ]{0,40}?PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]{1,60}-----|\Z)",
            re.DOTALL,
        ),
        "[key removed]",
    ),
    (
        re.compile(r"(?i)((?:proxy-)?authorization[\"']?\s{0,3}:\s{0,3})" + _NOT_MASKED_YET + r"[^\n]++"),
        r"\1[login removed]",
    ),
    (re.compile(r"(?i)((?:set-)?cookie: {0,3})(?=[\w.-]{1,100}=)[^\n]++"), r"\1[cookie removed]"),
    (re.compile(r"://(?!\[login removed\])[^\s/?#@]{1,300}@"), "://[login removed]@"),
    (re.compile(r"(?i)(hooks\.slack\.com/(?:services|workflows|triggers)/)[\w/-]++"), r"\1[token removed]"),
    (re.compile(r"eyJ[\w-]{10,}+(?:\.[\w-]*+){0,4}"), "[token removed]"),
    (
        re.compile(r"(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA|AROA|AIDA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
        "[key removed]",
    ),
    (
        re.compile(
            r"(?<![A-Za-z0-9])(?:gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|xapp-|[sr]k_(?:live|test)_|sk-|whsec_|"
            r"AIza|SG\.|hf_|npm_|pypi-|dop_v1_|shp(?:at|ss|ca)_|sq0[a-z]{3}-|ya29\.)[\w.-]{16,}+"
        ),
        "[token removed]",
    ),
    # A digit in it, or "bearer certificates" would be a token.
    (
        re.compile(rf"(?i)\b(bearer\s{{1,5}}){_NOT_MASKED_YET}(?=[a-z._~+/-]{{0,60}}[\d=])[\w.~+/=-]{{8,}}+"),
        r"\1[token removed]",
    ),
)  # fmt: skip

NAMED: tuple[Replacement, ...] = (
    (
        re.compile(
            r"(?i)([?&#][\w.-]{0,40}?(?:token|secret|key|sig|signature|password|passwd|pwd|auth|code|session|sid|jwt|otp)"
            r"[\w.-]{0,20}=)" + _NOT_MASKED_YET + r"[^\s&#\"'<>]++"
        ),
        r"\1[secret removed]",
    ),
    (
        re.compile(
            rf"(?i)((?:{_PASSWORDS}|{_SECRETS}|\b(?:pass|pw|pin|puk|tan)){_DECORATION}"
            rf"(?::=|=>|[:=：|]){_BEFORE_VALUE}){_NOT_MASKED_YET}{_VALUE}"
        ),
        r"\1[secret removed]",
    ),
    (
        re.compile(
            rf"(?i)((?:{_PASSWORDS}|\b(?:pin|puk|tan|(?:security|verification) code|api key))"
            rf"\s{{1,5}}(?:is|was|ist|lautet|war|est|es|era|è|é|será)\s{{1,5}}(?:now |jetzt )?)"
            rf"(?!{_ABOUT_PASSWORDS}){_NOT_MASKED_YET}{_VALUE}"
        ),
        r"\1[secret removed]",
    ),
    (re.compile(r"(?i)(\b(?:cvv2?|cvc2?|cvn|csc)\b[^\d\n]{0,15})\d{3,4}(?!\d)"), r"\1[secret removed]"),
    # "login ana password hunter2": no separator, but the next word has a digit in it.
    (
        re.compile(rf"(?i)((?:{_PASSWORDS})\s{{1,5}}){_NOT_MASKED_YET}(?=[^\s\d]{{0,60}}\d)[^\s,;<>]{{4,}}+"),
        r"\1[secret removed]",
    ),
)  # fmt: skip

EMAIL: Replacement = (
    re.compile(r"[\w.!#$%&'*+/=?^`{|}~\"-]{1,64}+[@＠][\w-]{1,63}(?:[.。][\w-]{1,63}){1,8}"),
    "[e-mail removed]",
)

_GAP = r"[\s()./–-]{0,3}"
PHONES: tuple[Replacement, ...] = (
    (re.compile(rf"(?<![\w+])(?:\+|00)\s?[1-9](?:{_GAP}\d){{6,14}}(?!\d)"), "[phone removed]"),
    # National form: a leading zero and nine digits or more, but not a date such as 05.11.2026.
    (
        re.compile(
            rf"(?<![\w./-])(?!\d{{1,2}}[./-]\d{{1,2}}[./-]\d{{2,4}}(?!\d))\(?0\d(?:{_GAP}\d){{7,12}}(?![\w-])"
        ),
        "[phone removed]",
    ),
    (
        re.compile(r"(?<![\w.-])(?:1[ .-])?\(?[2-9]\d{2}\)?[ .-]{1,2}\d{3}[ .-]\d{4}(?![\w-])"),
        "[phone removed]",
    ),
    (
        re.compile(
            r"(?i)\b((?:tel|phone|telephone|mobile|cell|whatsapp|fax|telefon|handy|mobil|t[eé]l[eé]phone|"
            r"portable|tel[eé]fono|m[oó]vil|telefoon|telefone|telemóvel|celular|cellulare|"
            r"call me(?: back)?(?: at| on)?)\b"
            rf"[^\d\n]{{0,15}})\d(?:{_GAP}\d){{5,14}}"
        ),
        r"\1[phone removed]",
    ),
)  # fmt: skip
