"""Secrets made up by a seed: of the shapes that vendors, banks and registries give theirs, and of no use anywhere."""

from __future__ import annotations

import base64
import string
from collections.abc import Callable, Mapping, Sequence
from random import Random

from stdnum import luhn
from stdnum.iso7064 import mod_97_10

ALNUM = string.ascii_letters + string.digits
URLSAFE = ALNUM + "-_"
LOWER = string.ascii_lowercase + string.digits
UPPER = string.ascii_uppercase + string.digits
HEX = "0123456789abcdef"

_CARD_SEPARATORS = (
    "",
    " ",
    "-",
    ".",
    ",",
    ", ",
    "|",
    " | ",
    "%20",
    "%2D",
    "/",
    "_",
    "\t",
    "\u00a0",
    " - ",
    ":",
    ";",
)
_IBANS = {"DE": 18, "GB": 0, "FR": 23, "ES": 20, "NL": 0, "AT": 16, "BE": 12, "PL": 24, "PT": 21}
_WORDS = (
    "sunshine",
    "dragon",
    "princess",
    "hunter",
    "monkey",
    "liverpool",
    "bonjour",
    "schatzi",
    "mariposa",
    "tulipan",
)
_NAMES = ("anna", "maria", "tom", "jsmith", "li.wei", "o-brien", "k.nowak")
_PLACES = ("Lisburn", "Rosenheim", "Oakham", "Ulm", "Arles", "Tromso")

# A vendor's tokens: what stands first, the letters after it, how many.
TOKENS: Mapping[str, Sequence[tuple[str, str, int]]] = {
    "github": [("ghp_", ALNUM, 36), ("github_pat_", ALNUM + "_", 82), ("gho_", ALNUM, 36)],
    "gitlab": [("glpat-", URLSAFE, 20), ("glrt-", URLSAFE, 20), ("gldt-", URLSAFE, 20)],
    "slack": [("xoxb-", string.digits, 12), ("xapp-1-", UPPER, 40), ("xoxe.xoxp-1-", ALNUM, 60)],
    "stripe": [
        ("sk_live_", ALNUM, 24),
        ("rk_live_", ALNUM, 24),
        ("pk_live_", ALNUM, 24),
        ("whsec_", ALNUM, 32),
    ],
    "openai": [("sk-proj-", URLSAFE, 48), ("sk-", ALNUM, 48)],
    "anthropic": [("sk-ant-api03-", URLSAFE, 90)],
    "huggingface": [("hf_", ALNUM, 34)],
    "npm": [("npm_", ALNUM, 36)],
    "pypi": [("pypi-AgEIcHlwaS5vcmc", URLSAFE, 80)],
    "digitalocean": [("dop_v1_", HEX, 64), ("doo_v1_", HEX, 64)],
    "shopify": [("shpat_", HEX, 32), ("shppa_", HEX, 32)],
    "square": [("sq0atp-", URLSAFE, 22), ("EAAA", URLSAFE, 60)],
    "google": [("AIza", URLSAFE, 35), ("ya29.", URLSAFE, 68), ("GOCSPX-", URLSAFE, 28)],
    "aws": [("AKIA", string.ascii_uppercase + "234567", 16), ("ASIA", string.ascii_uppercase + "234567", 16)],
    "twilio": [("SK", HEX, 32), ("AC", HEX, 32)],
    "sendgrid": [("SG.", URLSAFE, 66)],
    "mailgun": [("key-", HEX, 32)],
    "mailchimp": [("", HEX, 32)],
    "heroku": [("HRKU-AA", URLSAFE, 58)],
    "atlassian": [("ATATT3xFfGF0", URLSAFE, 160)],
    "linear": [("lin_api_", ALNUM, 40)],
    "notion": [("ntn_", ALNUM, 46), ("secret_", ALNUM, 43)],
    "figma": [("figd_", URLSAFE, 40)],
    "airtable": [("pat", ALNUM, 14)],
    "newrelic": [("NRAK-", UPPER, 27)],
    "sentry": [("sntrys_", ALNUM, 60), ("sntryu_", HEX, 64)],
    "postman": [("PMAK-", HEX, 58)],
    "doppler": [("dp.pt.", ALNUM, 43)],
    "vault": [("hvs.", URLSAFE, 90), ("hvb.", URLSAFE, 140)],
    "databricks": [("dapi", HEX, 32)],
    "grafana": [("glsa_", ALNUM, 32), ("glc_", ALNUM, 60)],
    "netlify": [("nfp_", ALNUM, 36)],
    "supabase": [("sbp_", HEX, 40)],
    "planetscale": [("pscale_tkn_", URLSAFE, 43)],
    "circleci": [("CCIPAT_", ALNUM, 62)],
    "docker": [("dckr_pat_", URLSAFE, 27)],
    "rubygems": [("rubygems_", HEX, 48)],
    "nuget": [("oy2", LOWER, 43)],
    "okta": [("00", URLSAFE, 40)],
    "telegram": [("", string.digits, 9)],
    "discord": [("", "", 0)],
    "facebook": [("EAAB", ALNUM, 140)],
    "dropbox": [("sl.", URLSAFE, 130)],
    "hubspot": [("pat-na1-", "", 0)],
    "plaid": [("access-production-", "", 0)],
    "sendinblue": [("xkeysib-", HEX, 64)],
    "prefect": [("pnu_", ALNUM, 36)],
    "tailscale": [("tskey-auth-", ALNUM, 40)],
    "groq": [("gsk_", ALNUM, 52)],
    "replicate": [("r8_", ALNUM, 37)],
    "pulumi": [("pul-", HEX, 40)],
    "alibaba": [("LTAI", ALNUM, 20)],
    "dynatrace": [("dt0c01.", UPPER, 24)],
    "jwt": [("", "", 0)],
}

LABELS = (
    "social security number", "SSN", "national insurance number", "NINO", "NHS number", "passport number", "passport",
    "driving licence", "BSN", "PESEL", "CPF", "DNI", "NIE", "codice fiscale", "Steuer-ID", "personnummer", "Aadhaar",
    "tax id",
)  # fmt: skip


def _some(dice: Random, letters: str, count: int) -> str:
    return "".join(dice.choice(letters) for _ in range(count))


def card(dice: Random) -> str:
    """A card number with a valid check digit, spaced in one of the ways that people and programs do."""
    start, length = dice.choice(
        [("4", 16), ("4", 16), ("51", 16), ("37", 15), ("6011", 16), ("2221", 16), ("36", 14)]
    )
    body = start + _some(dice, string.digits, length - len(start) - 1)
    number = body + luhn.calc_check_digit(body)
    separator = dice.choice(_CARD_SEPARATORS)
    sizes = {16: [4, 4, 4, 4], 15: [4, 6, 5], 14: [4, 6, 4]}[length]
    if dice.random() < 0.1:
        sizes = [1] * length
    parts, place = [], 0
    for size in sizes:
        parts.append(number[place : place + size])
        place += size
    return separator.join(parts)


def iban(dice: Random) -> str:
    """Of one of nine countries, in one piece or in fours, in capitals or not."""
    country = dice.choice(list(_IBANS))
    bank = {"GB": "NWBK", "NL": "INGB"}.get(country, "")
    rest = bank + _some(dice, string.digits, _IBANS[country] or {"GB": 14, "NL": 10}[country])
    whole = country + mod_97_10.calc_check_digits(rest + country) + rest
    spaced = " ".join(whole[place : place + 4] for place in range(0, len(whole), 4))
    return dice.choice([whole, spaced, whole.lower()])


def email(dice: Random) -> str:
    """An address of nobody."""
    return f"{dice.choice(_NAMES)}{dice.randrange(99)}@{dice.choice(_WORDS)}.example"


def phone(dice: Random) -> str:
    """International, national, American; spaced in several ways."""
    d = string.digits
    return dice.choice(
        [
            f"+44 20 {_some(dice, d, 4)} {_some(dice, d, 4)}",
            f"+49 (0)30 {_some(dice, d, 4)}-{_some(dice, d, 4)}",
            f"+1-415-{_some(dice, d, 3)}-{_some(dice, d, 4)}",
            f"0033 6 {' '.join(_some(dice, d, 2) for _ in range(4))}",
            f"06 {' '.join(_some(dice, d, 2) for _ in range(4))}",
            f"(0171) {_some(dice, d, 7)}",
            f"({dice.randrange(201, 989)}) {dice.randrange(200, 999)}-{_some(dice, d, 4)}",
            f"0{_some(dice, '123456789', 3)}/{_some(dice, d, 7)}",
        ]
    )


def password(dice: Random) -> str:
    """As people choose them: a word, a word with a year, a mixture of letters and signs."""
    word = dice.choice(_WORDS)
    return dice.choice(
        [
            word,
            word.capitalize() + str(dice.randrange(1960, 2027)),
            word.capitalize() + str(dice.randrange(1, 999)) + dice.choice("!$#*?"),
            word[:4] + "-" + _some(dice, LOWER, 5),
            _some(dice, ALNUM + "!$%&#*", 12),
            word.replace("o", "0").replace("i", "1") + str(dice.randrange(10, 99)),
            f"{word}.{dice.choice(_WORDS)}.{dice.randrange(10, 99)}",
        ]
    )


def code(dice: Random) -> str:
    """Four to eight digits, sometimes in two halves."""
    whole = _some(dice, string.digits, dice.choice([4, 4, 6, 6, 6, 8]))
    half = len(whole) // 2
    return dice.choice(
        [whole, whole, whole, f"{whole[:half]}-{whole[half:]}", f"{whole[:half]} {whole[half:]}"]
    )


def token(dice: Random) -> str:
    """A key or token of one of some fifty vendors."""
    vendor = dice.choice(list(TOKENS))
    start, letters, count = dice.choice(list(TOKENS[vendor]))
    text = start + _some(dice, letters, count) if letters else start
    whole: Mapping[str, Callable[[], str]] = {
        "slack": lambda: f"{text}-{_some(dice, ALNUM, 24)}",
        "mailchimp": lambda: f"{text}-us{dice.randrange(1, 22)}",
        "airtable": lambda: f"{text}.{_some(dice, HEX, 64)}",
        "telegram": lambda: f"{text}:{_some(dice, URLSAFE, 35)}",
        "discord": lambda: (
            f"{dice.choice('MNO')}{_some(dice, ALNUM, 23)}.{_some(dice, URLSAFE, 6)}.{_some(dice, URLSAFE, 27)}"
        ),
        "hubspot": lambda: text + _uuid(dice),
        "plaid": lambda: text + _uuid(dice),
        "sendinblue": lambda: f"{text}-{_some(dice, ALNUM, 16)}",
        "dynatrace": lambda: f"{text}.{_some(dice, UPPER, 64)}",
        "jwt": lambda: ".".join(
            [
                _base64(b'{"alg":"HS256","typ":"JWT"}'),
                _base64(b'{"sub":"%d"}' % dice.randrange(10**9)),
                _some(dice, URLSAFE, 43),
            ]
        ),
    }
    return whole[vendor]() if vendor in whole else text


def _uuid(dice: Random) -> str:
    return "-".join(_some(dice, HEX, size) for size in (8, 4, 4, 4, 12))


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def cookie(dice: Random) -> str:
    """A session cookie of a common framework."""
    name, letters, count = dice.choice(
        [
            ("JSESSIONID", UPPER, 32), ("PHPSESSID", LOWER, 26), ("connect.sid", URLSAFE, 40), ("sessionid", LOWER, 32),
            ("ASP.NET_SessionId", LOWER, 24), ("laravel_session", ALNUM, 60), ("_shop_session", ALNUM, 50),
            ("auth_token", HEX, 40), ("csrftoken", ALNUM, 32), ("AWSALB", ALNUM, 60), ("sid", HEX, 32),
            ("remember_token", ALNUM, 30), (".AspNetCore.Cookies", URLSAFE, 60), ("wordpress_logged_in_1", ALNUM, 40),
        ]
    )  # fmt: skip
    return f"{name}={_some(dice, letters, count)}"


def login(dice: Random) -> str:
    """An address with user and password in it."""
    scheme, place = dice.choice(
        [("postgres", "db.example/shop"), ("https", "git.example/a.git"), ("amqp", "mq.example")]
    )
    return f"{scheme}://{dice.choice(_NAMES)}:{_some(dice, ALNUM, 10)}@{place}"


def national_id(dice: Random, label: str) -> str:
    """Of the shape that goes with the label."""
    d, capital = string.digits, string.ascii_uppercase
    born = f"{dice.randrange(50, 99)}{dice.randrange(1, 13):02}{dice.randrange(1, 29):02}"
    shapes: Mapping[str, Callable[[], str]] = {
        "social security number": lambda: (
            f"{dice.randrange(100, 665)}-{dice.randrange(10, 99)}-{dice.randrange(1000, 9999)}"
        ),
        "national insurance number": lambda: f"QQ {_some(dice, d, 2)} {_some(dice, d, 2)} {_some(dice, d, 2)} C",
        "NINO": lambda: f"AB{_some(dice, d, 6)}{dice.choice('ABCD')}",
        "NHS number": lambda: f"{_some(dice, d, 3)} {_some(dice, d, 3)} {_some(dice, d, 4)}",
        "passport number": lambda: _some(dice, d, 9),
        "passport": lambda: dice.choice("CFGHJKLMNPRTVWXYZ") + _some(dice, d, 8),
        "driving licence": lambda: f"{_some(dice, capital, 5)}{_some(dice, d, 6)}{_some(dice, capital, 2)}9AA",
        "BSN": lambda: _some(dice, d, 9),
        "PESEL": lambda: born + _some(dice, d, 5),
        "CPF": lambda: f"{_some(dice, d, 3)}.{_some(dice, d, 3)}.{_some(dice, d, 3)}-{_some(dice, d, 2)}",
        "DNI": lambda: _some(dice, d, 8) + dice.choice("TRWAGMYFPDXBNJZSQVHLCKE"),
        "NIE": lambda: dice.choice("XYZ") + _some(dice, d, 7) + dice.choice("TRWAGMYFPD"),
        "codice fiscale": lambda: (
            f"{_some(dice, capital, 6)}{_some(dice, d, 2)}{dice.choice('ABCDEHLMPRST')}{_some(dice, d, 2)}"
            f"{dice.choice(capital)}{_some(dice, d, 3)}{dice.choice(capital)}"
        ),
        "Steuer-ID": lambda: f"{_some(dice, d, 2)} {_some(dice, d, 3)} {_some(dice, d, 3)} {_some(dice, d, 3)}",
        "personnummer": lambda: f"19{born}-{_some(dice, d, 4)}",
        "Aadhaar": lambda: f"{_some(dice, d, 4)} {_some(dice, d, 4)} {_some(dice, d, 4)}",
        "tax id": lambda: f"{_some(dice, d, 2)}-{_some(dice, d, 7)}",
    }  # fmt: skip
    return shapes["social security number" if label == "SSN" else label]()


def birth_date(dice: Random) -> str:
    """A day as people write it."""
    year, month, day = dice.randrange(1940, 2008), dice.randrange(1, 13), dice.randrange(1, 29)
    name = ("March", "April", "June", "July", "May", "August")[month % 6]
    return dice.choice(
        [f"{day:02}.{month:02}.{year}", f"{day}/{month}/{year}", f"{year}-{month:02}-{day:02}", f"{day} {name} {year}",
         f"{name} {day}, {year}", f"{day:02}-{month:02}-{year % 100:02}"]
    )  # fmt: skip


def address(dice: Random, language: str) -> str:
    """A street with a number, sometimes with the place."""
    number, word = dice.randrange(1, 180), dice.choice(("Baker", "Linden", "Church", "Mill", "Station"))
    street = {
        "en": f"{number} {word} {dice.choice(('Street', 'Road', 'Avenue', 'Lane', 'St.', 'Drive'))}",
        "de": f"{word.lower().capitalize()}{dice.choice(('straße', 'strasse', 'weg', 'platz', 'allee'))} {number}",
        "fr": f"{number} {dice.choice(('rue', 'avenue', 'boulevard'))} de la République",
        "es": f"{dice.choice(('calle', 'Avenida', 'plaza'))} Mayor {number}",
        "it": f"{dice.choice(('via', 'Viale', 'piazza'))} Garibaldi {number}",
        "nl": f"{word}{dice.choice(('straat', 'laan', 'weg'))} {number}",
    }[language]
    return dice.choice([street, f"{street}, {dice.randrange(10000, 99999)} {dice.choice(_PLACES)}"])
