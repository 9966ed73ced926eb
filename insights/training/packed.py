"""Serialization of models: a pickle with its format and signature, and back.

The bytes are a pickle, and unpickling runs code. So they are signed with the installation's key (HMAC-SHA256 under a
key derived from `LIAISON_KEY`), which is not in the store: who can write to the store, or has put a backup of his own
into it, runs nothing with that. What is not signed by this key is refused before a byte of it is unpickled.
"""

from __future__ import annotations

import hmac
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from incidents.links.signed import keys_in
from insights.learning import CannotLearn

_KIND = "hmac-sha256:"
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
    signature: str
    data: bytes


def signing_key(operator_key: str | None) -> bytes:
    """The key of models' signatures, of an installation's `LIAISON_KEY`. Raises `CannotLearn` if there is none."""
    if not operator_key:
        raise CannotLearn(
            "LIAISON_KEY is not set, and models are signed with it: give this process the key of the installation "
            "(`liaison up` does it; it lies in `key` in the home folder); until then the policy's rules decide"
        )
    return _derived(keys_in(operator_key)[0])


def older_keys(operator_key: str | None) -> tuple[bytes, ...]:
    """The keys that signed before the last rotation of `LIAISON_KEY`, as far as it still holds them."""
    return tuple(map(_derived, keys_in(operator_key or "")[1:]))


def _derived(key: str) -> bytes:
    return hmac.digest(key.encode(), b"liaison: models in the store", "sha256")


def packed(model: Model, *, key: bytes) -> Packed:
    """`key` is a `signing_key`. Takes as long as the model is big: not for an event loop."""
    data = pickle.dumps(model, protocol=pickle.HIGHEST_PROTOCOL)
    return Packed(format=model.format, signature=_signature(model.format, data, key), data=data)


def _signature(number: int, data: bytes, key: bytes) -> str:
    return _KIND + hmac.digest(key, b"%d:%b" % (number, data), "sha256").hex()


def unpacked(
    content: Packed, model_class: type[LearntModel], *, key: bytes, older: Sequence[bytes] = ()
) -> LearntModel:
    """The model. Raises `CannotLearn` for a signature that is none of these keys' and a format not the class's.

    Takes as long as the model is big: not for an event loop.
    """
    wanted = getattr(model_class, "format", None)
    if content.format != wanted:
        raise CannotLearn(
            f"the stored model has format {content.format}, this Liaison reads {wanted}: {_CURE}"
        )
    if not content.signature.startswith(_KIND):
        raise CannotLearn(f"the stored model is not signed, as those of an older Liaison are: {_CURE}")
    signed = (_signature(content.format, content.data, one) for one in (key, *older))
    if not any(hmac.compare_digest(one, content.signature) for one in signed):
        raise CannotLearn(
            "the stored model is damaged, or signed with another LIAISON_KEY: go back with `liaison models "
            f"--roll-back`, set the key it was signed with, or {_CURE}"
        )
    try:
        model = pickle.loads(content.data)  # noqa: S301 - signed by us, see above
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
