"""National ids that are known by shape and check digits, whatever stands before them; `python-stdnum` knows them.

Only of those whose shape no order number has: letters among the digits, or their own separators. What is digits only is
taken after its name (`incidents.redaction.personal`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from stdnum.be import nn as belgian
from stdnum.br import cpf as brazilian
from stdnum.ch import ssn as swiss
from stdnum.cl import rut as chilean
from stdnum.cn import ric as chinese
from stdnum.dk import cpr as danish
from stdnum.es import dni as spanish
from stdnum.es import nie as spanish_foreigner
from stdnum.fi import hetu as finnish
from stdnum.in_ import pan as indian
from stdnum.it import codicefiscale as italian
from stdnum.kr import rrn as korean
from stdnum.mx import curp as mexican
from stdnum.se import personnummer as swedish
from stdnum.us import ssn as american

from incidents.redaction.masks import DIGIT

_MASK = "[id removed]"
_SHAPES: Mapping[str, tuple[str, Callable[[str], bool]]] = {
    "american": (r"\d{3}-\d{2}-\d{4}", american.is_valid),
    "belgian": (r"\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}", belgian.is_valid),
    "brazilian": (r"\d{3}\.\d{3}\.\d{3}-\d{2}", brazilian.is_valid),
    # It has no check digits.
    "british": (r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]", lambda _: True),
    "chilean": (r"\d{1,2}\.\d{3}\.\d{3}-[\dkK]", chilean.is_valid),
    "chinese": (r"\d{17}[\dXx]", chinese.is_valid),
    "danish": (r"\d{6}-\d{4}", danish.is_valid),
    "finnish": (r"\d{6}[-+A-FU-Y]\d{3}[0-9A-FHJ-NPR-Y]", finnish.is_valid),
    "indian": (r"[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]", indian.is_valid),
    "italian": (r"[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]", italian.is_valid),
    "korean": (r"\d{6}-[1-8]\d{6}", korean.is_valid),
    "mexican": (r"[A-Z]{4}\d{6}[HM][A-Z]{5}[A-Z\d]\d", mexican.is_valid),
    "spanish": (r"\d{8}-?[A-Z]", spanish.is_valid),
    "spanish_foreigner": (r"[XYZ]-?\d{7}-?[A-Z]", spanish_foreigner.is_valid),
    "swedish": (r"(?:19|20)?\d{6}[-+]\d{4}", swedish.is_valid),
    "swiss": (r"756\.\d{4}\.\d{4}\.\d{2}", swiss.is_valid),
}
_ANY = re.compile(
    r"(?<![\w-])(?:"
    + "|".join(f"(?P<{name}>{shape})" for name, (shape, _) in _SHAPES.items())
    + r")(?![\w-])"
)


def mask_national_ids(text: str) -> str:
    """The text without national ids that hold."""
    return _ANY.sub(_masked, text) if DIGIT.search(text) is not None else text


def _masked(found: re.Match[str]) -> str:
    name = found.lastgroup or ""
    return _MASK if _SHAPES[name][1](found[0]) else found[0]
