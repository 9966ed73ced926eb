"""Names a policy file can have, made of names that people gave things in a helpdesk."""

from __future__ import annotations

import re
import unicodedata

_LONGEST = 30


class Names:
    """Gives each thing a name of its own: small letters, digits and dashes. `taken` are names not to be given."""

    def __init__(self, taken: frozenset[str] = frozenset()) -> None:
        self._given = set(taken)

    def name(self, text: str, *, otherwise: str, suffix: str = "") -> str:
        """A name like the text, or like `otherwise` where the text has no Latin letter or digit in it."""
        wanted = f"{_plain(text) or _plain(otherwise)}{suffix}"
        name, number = wanted, 1
        while name in self._given:
            number += 1
            name = f"{wanted}-{number}"
        self._given.add(name)
        return name


def _plain(text: str) -> str:
    latin = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", latin).strip("-")[:_LONGEST].strip("-")
