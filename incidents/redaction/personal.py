"""Mail addresses, telephone numbers, days of birth and national ids. Linear in the text, see `tokens`."""

from __future__ import annotations

import re

from incidents.redaction.masks import DIGIT, NOT_MASKED_YET, Masks

EMAIL = Masks(
    needs=re.compile("[@＠]"),
    replacements=(
        (
            # A domain ends in letters: npm@7.13.0 is a version.
            re.compile(
                r"[\w.!#$%&'*+/=?^`{|}~\"-]{1,64}+[@＠](?:[\w-]{1,63}[.。]){1,8}(?=[\w-]{0,62}[^\W\d_])"
                r"[\w-]{2,63}"
            ),
            "[e-mail removed]",
        ),
    ),
)

_GAP = r"[\s()./–-]{0,3}"
PHONES = Masks(
    needs=DIGIT,
    replacements=(
        (re.compile(rf"(?<![\w+])(?:\+|00)\s?[1-9](?:{_GAP}\d){{6,14}}(?!\d)"), "[phone removed]"),
        # National form: a leading zero and nine digits or more, but not a date such as 05.11.2026.
        (
            re.compile(
                rf"(?<![\w./:-])(?!\d{{1,2}}[./-]\d{{1,2}}[./-]\d{{2,4}}(?!\d))"
                rf"\(?0\d(?:{_GAP}\d){{7,12}}(?![\w-])"
            ),
            "[phone removed]",
        ),
        (
            re.compile(r"(?<![\w.-])(?:1[ .-])?\(?[2-9]\d{2}\)?[ .-]{1,2}\d{3}[ .-]\d{4}(?![\w-])"),
            "[phone removed]",
        ),
        (
            re.compile(
                r"(?i)\b((?:tel|phone|telephone|mobile|cell|whatsapp|fax|telefon|handy|mobil|"
                r"t[eé]l[eé]phone|"
                r"portable|tel[eé]fono|m[oó]vil|telefoon|telefone|telemóvel|celular|cellulare|"
                r"call me(?: back)?(?: at| on)?)\b"
                rf"[^\d\n]{{0,15}})\d(?:{_GAP}\d){{5,14}}"
            ),
            r"\1[phone removed]",
        ),
    ),
)

_ID_NAMES = (
    r"social security(?: number| no\.?| nr\.?)?|\bssn\b|national insurance(?: number)?|\bnino\b|"
    r"nhs(?: number| no\.?)|"
    r"passport|reisepass\w{0,10}|passeport|pasaporte|passaporto|paspoort|driv(?:ing|er'?s) licen[cs]e|"
    r"führerschein\w{0,8}|\bbsn\b|burgerservicenummer|\bpesel\b|\bcpf\b|\bdni\b|\bnie\b|\bnif\b|"
    r"\bcurp\b|\brut\b|"
    r"codice fiscale|steuer-?(?:id|identifikationsnummer|nummer)|personnummer|\bcpr(?:-nummer|-nr)?\b|"
    r"henkilötunnus|"
    r"fødselsnummer|rodné číslo|aadhaa?r|\bpan card|tax(?:payer)? (?:id|identification number)|\btin\b|"
    r"national id|id(?:entity)? card|personalausweis\w{0,8}|ausweisnummer|sozialversicherungsnummer|"
    r"numéro de sécurité sociale|身份证\w{0,3}|マイナンバー|주민등록번호|снилс|\bинн\b|паспорт\w?|t\.?c\.? kimlik"
)
_ID = r"(?=[A-Za-z\d]{0,8}[ .-]?\d)(?=(?:[A-Za-z]{0,8}[ .-]?\d){4})?[A-Z\d](?:[ ./-]?[A-Z\d]){5,22}"

_MONTH = (
    r"jan|feb|fév|mar|mär|apr|avr|abr|may|mai|maj|mei|jun|juin|jul|juil|aug|aoû|ago|sep|oct|okt|out|nov|"
    r"dec|dez|déc|dic|gen|"
    r"mag|giu|lug|set|ott|ene"
)
_DATE = (
    r"(?:\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{1,2}(?:\.|st|nd|rd|th|er)?[ ](?:de |of )?(?:"
    + _MONTH
    + r")\w{0,8}\.?,?[ ](?:de )?\d{2,4}|"
    r"(?:" + _MONTH + r")\w{0,8}\.?[ ]\d{1,2}(?:st|nd|rd|th)?,?[ ]\d{2,4}|\d{4}年\d{1,2}月\d{1,2}日|\d{8})"
)
_BORN = (
    r"\bborn\b|date of birth|birth ?da(?:y|te)|\bd\.?o\.?b\b\.?|\bgeboren|geburts(?:datum|tag)|\bnée?\b|"
    r"date de naissance|"
    r"fecha de nacimiento|\bnac(?:í|ido|ida|imento|imiento)\b|data de nascimento|\bnasci(?:do|da)?\b|"
    r"nat[oa] (?:il|a)|data di nascita|"
    r"geboortedatum|urodzon[ya]|data urodzenia|född|födelsedatum|født|fødselsdato|syntymäaika|syntynyt|"
    r"narozen[áý]?|"
    r"datum narození|doğum tarihi|дата рождения|родил[аcс]\w{0,3}|дата народження|ημερομηνία γέννησης|"
    r"تاريخ الميلاد|"
    r"תאריך לידה|出生日期|生年月日|생년월일|ngày sinh|tanggal lahir"
)

IDS_AND_DATES = Masks(
    needs=DIGIT,
    replacements=(
        (
            re.compile(
                rf"(?i)((?:{_ID_NAMES})"
                rf"[^\d\n]{{0,20}}?[\s:=：#(]){NOT_MASKED_YET}(?=(?:[^\s\d]{{0,9}}\s?\d){{1}}){_ID}(?![\w])"
            ),
            r"\1[id removed]",
        ),
        (
            re.compile(
                rf"(?i)()(?<![\w-])(?=(?:[A-Z]{{0,9}}\d))[A-Z\d](?:[ ./-]?[A-Z\d]){{5,22}}(?= (?:as|als|"
                rf"for) (?:my |the |meine )?(?:{_ID_NAMES}))"
            ),
            r"\1[id removed]",
        ),
        (re.compile(rf"(?i)((?:{_BORN})[^\d\n]{{0,20}}?(?<![\d])){_DATE}(?!\d)"), r"\1[date removed]"),
        (re.compile(rf"(?i)((?:\bich bin|\bbin) am )(?:{_DATE})(?= geboren)"), r"\1[date removed]"),
    ),
)
