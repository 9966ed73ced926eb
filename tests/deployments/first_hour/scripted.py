"""Somebody at a terminal who answers as the test says, and what they read there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class ScriptedTerminal:
    """`types` has what they type, by a word of the prompt; several are typed one after the other, then Enter alone."""

    types: Mapping[str, list[str]]
    read: list[str] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)

    def say(self, text: str = "") -> None:
        self.read.append(text)

    def ask(self, text: str, *, default: str | None, is_secret: bool) -> str:
        self.prompts.append(text)
        typed = next((answers for word, answers in self.types.items() if word in text and answers), None)
        return typed.pop(0) if typed is not None else default or ""

    def agrees(self, text: str, *, default: bool) -> bool:
        typed = self.ask(text, default="yes" if default else "no", is_secret=False)
        return typed == "yes"
