r"""How a place in a stranger's JSON is written: a path, and the few things a path cannot say.

data.ticket.id                  keys with dots between them; `\.` is a dot inside a key
comments.-1.text                a number is an index into a list, -1 its last
labels.*.name                   every one of a list: for tags
$.groupKey                      from the whole payload, where a delivery has several tickets (`each`)
{project.id}-{issue.iid}        several joined to one; missing when one of them is
issue.title|object.title        the first that is there
!article.internal               not: a flag that says the opposite
#comment.text                   a short hash of what is there: an id for what has none
=phone                          a constant; also as the last of several: severity|=low
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

STEP = r"(?:[^.\\|{}]|\\.)+"
_STEP = re.compile(STEP, re.DOTALL)
_PATH = re.compile(rf"{STEP}(?:\.{STEP})*", re.DOTALL)
_PIECE = re.compile(r"\{((?:[^{}\\]|\\.)*)\}", re.DOTALL)
_ALTERNATIVE = re.compile(r"(?:[^|\\]|\\.)+", re.DOTALL)


def steps(path: str) -> tuple[str, ...]:
    r"""The keys along a dotted path; `\.` is a dot inside a key."""
    return tuple(re.sub(r"\\(.)", r"\1", step, flags=re.DOTALL) for step in _STEP.findall(path))


def alternatives(source: str) -> list[str]:
    """The parts between bars."""
    return _ALTERNATIVE.findall(source)


def pieces(joined: str) -> list[str]:
    """Texts and paths of a joined source in turn: text first and last, paths at the odd places."""
    return _PIECE.split(joined)


def is_joined(source: str) -> bool:
    """Whether the source is several paths in one text."""
    return _PIECE.search(source) is not None


def _readable(source: str) -> str:
    if source.startswith("="):
        return source
    parts = alternatives(source.removeprefix("!"))
    wanted = [one for one in parts if not one.startswith("=")]
    paths = [
        path for one in wanted for path in (pieces(one)[1::2] if is_joined(one) else [one.removeprefix("#")])
    ]
    is_whole = "|".join(parts) == source.removeprefix("!")
    if not wanted or not is_whole or not all(_PATH.fullmatch(path) for path in paths):
        raise ValueError(f"{source!r} is no path: write keys with dots between them, such as data.ticket.id")
    return source


Source = Annotated[str, AfterValidator(_readable)]
"""A path, or what this module's text says of the things a path cannot say."""
