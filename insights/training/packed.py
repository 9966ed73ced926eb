"""Serialization of models: a pickle with its format and checksum, and back.

The bytes are a pickle. Unpickling runs code, which is acceptable here and only here: they are written by `packed`
alone, kept in our own store, never uploaded, imported or sent, and who can write that store can change what Liaison
does anyway. The sha256 is compared first, against damage rather than malice.
"""

from __future__ import annotations

import hashlib
import pickle
from dataclasses import dataclass
from typing import Protocol, TypeVar

from insights.learning import CannotLearn

_CURE = "run the flow `train`; until then the policy's rules decide"


class Model(Protocol):
    """What can be packed: `format` goes up when a packed one of before can no longer be used."""

    @property
    def format(self) -> int:
        """The number of its form in bytes."""
        ...


LearntModel = TypeVar("LearntModel")


@dataclass(frozen=True, kw_only=True, slots=True)
class Packed:
    """A model as it is kept. `unpacked` makes it one."""

    format: int
    sha256: str
    data: bytes


def packed(model: Model) -> Packed:
    """Takes as long as the model is big: not for an event loop."""
    data = pickle.dumps(model, protocol=pickle.HIGHEST_PROTOCOL)
    return Packed(format=model.format, sha256=hashlib.sha256(data).hexdigest(), data=data)


def unpacked(content: Packed, model_class: type[LearntModel]) -> LearntModel:
    """The model. Raises `CannotLearn` for damage and for a format that is not the class's.

    Takes as long as the model is big: not for an event loop.
    """
    wanted = getattr(model_class, "format", None)
    if content.format != wanted:
        raise CannotLearn(
            f"the stored model has format {content.format}, this Liaison reads {wanted}: {_CURE}"
        )
    if hashlib.sha256(content.data).hexdigest() != content.sha256:
        raise CannotLearn(
            f"the stored model is damaged, its checksum differs: go back with `liaison models --roll-back`, or {_CURE}"
        )
    try:
        model = pickle.loads(content.data)  # noqa: S301 - our own bytes, see above
    # A pickle made by other versions of libraries fails with anything.
    except Exception as error:
        raise CannotLearn(
            f"the stored model cannot be read with these versions of libraries ({type(error).__name__}): {_CURE}"
        ) from error
    if not isinstance(model, model_class):
        raise CannotLearn(
            f"the stored model is a {type(model).__name__}, not a {model_class.__name__}: {_CURE}"
        )
    return model
