"""A customer's own words: without the mail they answer to, without signature, footer and markup.

No library is used for it (docs/decisions/0010-own-words.md). All of it is linear in the text, whatever the text.
"""

from __future__ import annotations

import re
import unicodedata

from incidents.texts.markup import looks_like_markup, text_of_markup

ATTACHED = "(Attached: "
"""How a line begins in which a connector of ours tells what a message brought along: nobody's word."""
LOOKED_AT = 4_000
"""Characters that are read: what matters is said early."""
_MARKUP_LOOKED_AT = 40_000
_MOST_LINES_OF_AN_ATTRIBUTION = 3
_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "æ": "ae", "ı": "i", "đ": "d", "œ": "oe", "’": "'", "‘": "'", "´": "'"}
)

_WROTE = (
    r"wrote|writes|schrieb|geschrieben|a ecrit|escribio|escreveu|ha scritto|schreef|geschreven|skrev|skreiv|kirjoitti|"
    r"napisal(?:\(a\)|a)?|napsal(?:\(a\)|a)?|написал(?:\(а\)|а)?|пишет|yazdi|写道|书写|さんは書きました|のメール"
)
_ATTRIBUTION = re.compile(
    rf"(?:^|[\s,>)])(?:{_WROTE})\b.{{0,200}}[:：]\s{{0,3}}$|(?:写道|書きました)[:：]?\s{{0,3}}$"
)
# A date or an address: "my colleague wrote: still broken" is no attribution.
_DATED = re.compile(r"\d|@")
_ADDRESSED_LINE = re.compile(r"^.{0,120}\d.{0,120}<[^<>\s]{1,120}@[^<>\s]{1,120}>\s?:\s{0,3}$")
_HEADER = re.compile(
    r"^[*\s>|]{0,8}(?:from|von|de|van|da|fra|fran|lahettaja|od|от|от кого|kimden|送信者|差出人|发件人|寄件者|"
    r"sent|gesendet|envoye|enviado(?: el)?|enviada(?: em)?|verzonden|inviato|sendt|skickat|lahetetty|"
    r"wyslano|odeslano|отправлено|"
    r"gonderilme tarihi|date|datum|fecha|data|dato|paivamaara|дата|tarih|送信日時|日付|发送时间|日期|"
    r"to|an|a|para|aan|til|till|vastaanottaja|do|komu|кому|kime|宛先|收件人|"
    r"subject|betreff|objet|asunto|onderwerp|oggetto|assunto|emne|amne|aihe|temat|predmet|тема|konu|件名|主题|主旨|"
    r"cc|kopie|kopia|kopi|kopio)\s?\*{0,2}\s?[:：]"
)
_RULE = re.compile(r"^\s{0,8}(?:[-_]{2,}\s?\S.{0,80}?\s?[-_]{2,}|_{10,}|-{10,})\s{0,8}$|^\s{0,8}#{2}- ")
_ATTACHED = ATTACHED.casefold()
_QUOTED = re.compile(r"^[ \t]{0,10}[>|]")
_SIGNATURE = re.compile(r"^--\s?$|^—\s?$")
_FOOTER = re.compile(
    r"\b(?:unsubscribe|you received this (?:message|email|mail|e-mail) because|mailing list|list-unsubscribe|"
    r"abbestellen|abmelden von|newsletter|se desinscrire|desabonner|darse de baja|cancelar (?:a )?inscricao|"
    r"descadastrar|disiscriv\w{0,6}|annulla l'iscrizione|afmelden|avregistrera|afmeld|avmeld|peruuta tilaus|"
    r"wypisz sie|odhlasit odber|отписаться|view (?:this email )?in (?:your )?browser|confidentiality notice|"
    r"this e-?mail (?:and any|is confidential|may contain))\b"
)


def own_words(text: str) -> str:
    """What the writer said, folded: no capitals, no accents, one line a line. Only the first characters are read."""
    readable = text_of_markup(text[:_MARKUP_LOOKED_AT]) if looks_like_markup(text) else text
    return "\n".join(_own_lines(folded(readable[:LOOKED_AT]).split("\n")))


def folded(text: str) -> str:
    """Compared without capitals, accents and curly quotes; `ł` is `l`, `ø` is `o`."""
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_LETTERS)
    decomposed = unicodedata.normalize("NFKD", plain)
    return "".join(mark for mark in decomposed if not unicodedata.combining(mark))


def _own_lines(lines: list[str]) -> list[str]:
    own: list[str] = []
    position = 0
    while position < len(lines):
        line = lines[position]
        length = _attribution(lines, position)
        if length:
            position += length
            if not _is_quoted_next(lines, position):
                break  # the quoted mail has no marks: all that follows is it
            continue
        if (
            _RULE.search(line)
            or _is_header_block(lines, position)
            or _SIGNATURE.match(line)
            or _FOOTER.search(line)
        ):
            break
        if not _QUOTED.match(line) and not line.startswith(_ATTACHED):
            own.append(line)
        position += 1
    return own


def _attribution(lines: list[str], position: int) -> int:
    """How many lines from here are an attribution ("On ... wrote:", over up to three lines); 0 for none."""
    if not lines[position].strip() or _QUOTED.match(lines[position]):
        return 0
    joined = ""
    for count, line in enumerate(lines[position : position + _MOST_LINES_OF_AN_ATTRIBUTION], start=1):
        if not line.strip():
            return 0
        joined = f"{joined} {line.strip()}".strip()[-600:]
        if not line.rstrip().endswith((":", "：")):
            continue
        is_one = _ATTRIBUTION.search(joined) is not None and _DATED.search(joined) is not None
        if is_one or _ADDRESSED_LINE.match(joined):
            return count
        return 0
    return 0


def _is_quoted_next(lines: list[str], position: int) -> bool:
    following = next((line for line in lines[position:] if line.strip()), "")
    return _QUOTED.match(following) is not None


def _is_header_block(lines: list[str], position: int) -> bool:
    """Outlook's: at least two header lines, one after the other."""
    if not _HEADER.match(lines[position]):
        return False
    return any(_HEADER.match(line) for line in lines[position + 1 : position + 3])
