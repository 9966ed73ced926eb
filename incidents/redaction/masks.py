"""What is looked for in a text, and what stands in the place of what was taken."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

Replacement = tuple[re.Pattern[str], str]

NOT_MASKED_YET = r"(?!\[[a-zA-Z -]{1,20} removed\])"

DIGIT = re.compile(r"\d")


@dataclass(frozen=True, kw_only=True, slots=True)
class Masks:
    """Patterns with what replaces them, tried one after the other.

    `needs` is cheap, and found wherever one of the patterns could be: most texts have nothing of most kinds.
    """

    needs: re.Pattern[str]
    replacements: Sequence[Replacement]

    def mask(self, text: str) -> str:
        """The text without what the patterns find."""
        if self.needs.search(text) is None:
            return text
        for pattern, replacement in self.replacements:
            text = pattern.sub(replacement, text)
        return text
