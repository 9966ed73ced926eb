"""Secrets that are called so: passwords, keys and cookies after their name. Linear in the text, see `tokens`."""

from __future__ import annotations

import re

from incidents.redaction.masks import NOT_MASKED_YET, Masks
from incidents.redaction.secret_words import IS, PASSWORDS, STATES, SURELY_IS

_MASK = r"\1[secret removed]"
_SECRETS = (
    "(?:api|access|private|secret|signing|account|license|licence|encryption|master)[ _-]?key|connectionstring|"
    "session_?id|otp|cvv2?|cvc2?|(?:security|verification) code"
)
# These are words of programs and of prose, too: what follows them must look like a secret.
_WEAK = r"secret|token|credentials?|(?<![a-z])key|schlüssel|clé|clave"
# What may stand round the colon: white space, quotes, Markdown's stars, HTML's tags.
_DECORATION = r"""(?:[\s*_`~"']|\\["']|&nbsp;|</?[a-z][^<>\n]{0,60}>){0,6}"""
_BEFORE_VALUE = r"""(?:[\s*_`~]|&nbsp;|</?[a-z][^<>\n]{0,60}>){0,6}+"""
_SEPARATOR = r"(?::=|=>|->|→|[:=：＝|]|%3[dDaA](?:%20)?)"
_VALUE = r"""(?:\\"[^"\\\n]*+(?:\\")?|"(?:[^"\\\n]|\\.)*+"?|'(?:[^'\\\n]|\\.)*+'?|[^\s"'<>][^\s"<>]*+)"""
_QUOTED = (
    r"""(?:"[^"\n]{3,80}"|'[^'\n]{3,80}'|“[^”\n]{3,80}”|„[^“”\n]{3,80}[“”]|«[^»\n]{3,80}»|`[^`\n]{3,80}`)"""
)
# A digit and a letter, or a sign within a word: what a word of a language has not.
_STRANGE = (
    r"(?:(?=[!-~]{0,40}\d)(?=[!-~]{0,40}[A-Za-z])|(?=[!-~]{1,40}[!$%&#*^~@_][\w!$%&#*^~]))"
    r"[\"'(]?[!-~]{4,80}?(?=[\"')]?[.,;:!?]{0,3}(?:\s|$|[^\x00-\x7f]))"
)
# The same, and not the name of a version, an encoding or a class.
_STRANGER = (
    rf"(?=[!-~]{{0,40}}(?:\d[!-~]{{0,20}}\d|[!$%&#*^~@]))(?![!-~]{{0,20}}[/(])(?!v?\d+[.]\d)"
    rf"(?-i:(?![A-Z]{{2,}}-?\d))(?!(?:utf|iso|sha)-?\d){_STRANGE}"
)
_END = (
    r"(?=[.,;:!?)]{0,3}(?:\s*$|\s*\n|\s+(?:and|but|yesterday|today|now|after|since|und|aber|gestern|"
    r"et|mais|hier|y|pero|ayer|e|ma|ieri|ontem|geändert)\b))"
)
_WORD = r"[^\W\d_]{1,15}"
_FEW = rf"(?:[ ,]{{1,3}}{_WORD}){{0,4}}?"
_CHANGED = (
    r"(?:changée?|modifiée?|cambi[éa]d?o?|cambiato|mud(?:ei|ou)|alter(?:ei|ou)|veranderd|"
    r"gewijzigd|zmieni\w{1,4}|změni\w{1,3}|schimbat|поменял[аи]?|изменил[аи]?|сменил[аи]?|змінил[аи]|"
    r"bytte|ändrade|ændrede|"
    r"endret|vaihdoin|promijeni\w{1,3}|đổi)"
)
_TO = r"(?:auf|in|en|a|por|para|na|în|till|til|u|thành|naar)"


COOKIES_AND_QUERIES = Masks(
    needs=re.compile(r"=|(?i:cookie)"),
    replacements=(
        (re.compile(r"(?i)((?:set-)?cookie: {0,3})(?=[\w.-]{1,100}=)[^\n]++"), r"\1[cookie removed]"),
        (
            re.compile(
                r"(?i)(?<![\w.-])((?:[\w.-]{0,40}?(?:sess(?:ion)?|sid|csrf|xsrf|auth|token|remember|"
                r"logged_in|jwt)|awsalb|"
                r"cf_clearance|__cf_bm|\.aspnetcore)(?:[_.-]?(?:id|token|key|cors|tg|cookies|secure|"
                r"\d{1,12}))?=)"
                rf"{NOT_MASKED_YET}(?=[\w%.~+/-]{{0,40}}\d)(?=[\w%.~+/-]{{0,40}}[a-z])[\w%.~+/=:-]{{8,}}+"
            ),
            r"\1[cookie removed]",
        ),
        (
            re.compile(
                r"(?i)([?&#](?:[\w.-]{0,40}?(?:token|secret|apikey|api_key|api-key|access_?key|sig|"
                r"signature|password|passwd|pwd|auth|"
                r"code|session|sid|jwt|otp)[\w.-]{0,20}|key)=)" + NOT_MASKED_YET + r"[^\s&#\"'<>]++"
            ),
            _MASK,
        ),
    ),
)
PASSWORDS_NAMED = Masks(
    needs=re.compile(rf"(?i){PASSWORDS}|{_SECRETS}|\b(?:pass|pw|pin|puk|tan)\b|api key"),
    replacements=(
        (
            re.compile(
                rf"(?i)((?:{PASSWORDS}|{_SECRETS}|\b(?:pass|pw|pin|puk|tan)){_DECORATION}"
                rf"{_SEPARATOR}{_BEFORE_VALUE}){NOT_MASKED_YET}"
                # A program's own words: a call, nothing, something new.
                rf"(?![A-Za-z_]{{1,40}}[.][A-Za-z_.]{{1,60}}\()(?!null\b|new\b){_VALUE}"
            ),
            _MASK,
        ),
        (re.compile(rf"(?i)((?:{PASSWORDS}|\bpass)\s{{1,3}}){_QUOTED}"), _MASK),
        # "mon mot de passe est X", "jelszavam X", "password saya X": a strange word soon after.
        (
            re.compile(
                rf"(?i)((?:{PASSWORDS}|\b(?:my|the|our) pass){_FEW}(?:[ ]{{1,3}}(?:{IS})"
                rf")?(?:\s{{1,3}}-)?\s{{1,3}}){NOT_MASKED_YET}{_STRANGE}"
            ),
            _MASK,
        ),
        (
            re.compile(
                rf"(?i)((?:{PASSWORDS})(?:[^\x00-\x7f\s]|[ ]){{0,12}})(?<=[^\x00-\x7f]|"
                rf"[ ]){NOT_MASKED_YET}{_STRANGE}"
            ),
            _MASK,
        ),
        # Any word after "is", unless it tells how the password is.
        (
            re.compile(
                rf"(?i)((?:{PASSWORDS}|\bpass|\b(?:pin|puk|tan)|api key)(?:[ ]{{1,3}}(?!(?:{STATES})"
                rf"){_WORD}){{0,3}}?"
                rf"[ ]{{1,5}}(?:{SURELY_IS})[ ]{{1,5}}(?:now |jetzt )?)(?!{STATES}){NOT_MASKED_YET}"
                rf"(?:{_QUOTED}|[^\s\"'<>,;()]{{4,60}}{_END})"
            ),
            _MASK,
        ),
        (
            re.compile(
                r"((?:密[码碼]|パスワード|暗証番号|비밀번호|비번|암호|รหัสผ่าน)[^\x00-\x7f\s]{0,8}[ ]?"
                r"(?:是|为|為|は|が|を|는|은|가|이|คือ)[ ]?)[!-~]{4,60}"
            ),
            _MASK,
        ),
        (
            re.compile(
                rf"(?i)((?:{PASSWORDS})(?:[ ]{_WORD}){{0,2}}?[ ](?:to|{_TO})[ ])"
                rf"(?!{STATES}){NOT_MASKED_YET}(?=[^\s,;.]{{4}})[^\s,;]{{4,60}}{_END}"
            ),
            _MASK,
        ),
        (
            re.compile(
                rf"(?i)(?:(?<=with )|(?<=mit )|(?<=use )|(?<=entering )|(?<=typed )"
                rf"){NOT_MASKED_YET}[^\s\"'<>]{{4,60}}(?= (?:as|als) (?:the |my |das |"
                rf"mein )?(?:{PASSWORDS}|pin)\b)"
            ),
            "[secret removed]",
        ),
    ),
)
PASSWORDS_TOLD = Masks(
    # All of them are said of a digit, a sign, a day or with a name before.
    needs=re.compile(
        r"(?i)[\d!$%&#*^~@_/|]|yesterday|today|reset|gestern|geändert|hier|ayer|credential|log-?in|"
        r"zugangsdaten|identifiant"
    ),
    replacements=(
        (
            re.compile(
                rf"(?i)((?:{_WEAK}){_DECORATION}{_SEPARATOR}{_BEFORE_VALUE}[\"']?){NOT_MASKED_YET}"
                rf"(?=[^\s\"'<>(){{}}]{{0,60}}\d)[^\s\"'<>(){{}}]{{6,}}+"
            ),
            _MASK,
        ),
        # "I changed (it|my password) to X".
        (
            re.compile(
                rf"(?i)(\b(?:changed|set|reset|updated|switched)[ ](?:it|that|this|them|mine)"
                rf"[ ](?:back[ ])?to[ ]|\b{_CHANGED}(?:[ ]{_WORD}){{0,2}}?[ ]{_TO}[ ]|"
                rf"\bauf[ ](?=[!-~]{{4,60}}[ ](?:geändert|gesetzt)))(?!{STATES}){NOT_MASKED_YET}{_STRANGER}"
            ),
            _MASK,
        ),
        (
            re.compile(
                rf"(?i)(\b(?:changed|set|reset|cambié|changé|auf)(?:[ ](?:it|them|mine|la))?[ ](?:to[ ]|"
                rf"a[ ]|en[ ])?)(?!{STATES})"
                rf"[^\s,;.]{{5,40}}(?=[ ](?:yesterday|today|after the reset|geändert|hier|ayer)\b)"
            ),
            _MASK,
        ),
        # "login: maria / X", "credentials: tom@shop.example X".
        (
            re.compile(
                r"(?i)((?:(?:log-?in|user(?:name)?)\b[:=]?[ ]{1,3}[^\s,;/|]{1,60}[ ]{1,2}[/|][ ]{1,2})|"
                r"(?:(?:credentials?|zugangsdaten|anmeldedaten|identifiants?|credenciales|credenziali|"
                r"inloggegevens|"
                r"dane logowania)[:=]?[ ]{1,3}[^\s,;/|]{1,60}?[ ]{0,2}[/|][ ]{0,2}))"
                + NOT_MASKED_YET
                + r"[^\s,;<>]{4,60}+"
            ),
            _MASK,
        ),
        (
            re.compile(
                rf"(?i)((?:credentials?|log-?in|zugangsdaten|identifiants?)[:=][ ]{{0,3}}[^\s,;/|"
                rf"]{{1,60}}[ ]){NOT_MASKED_YET}{_STRANGE}"
            ),
            _MASK,
        ),
    ),
)
