"""A document's transcript, typed at a terminal: what stands behind a prompt there is what is typed at it."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.docs.documents import Document

PROMPT = re.compile(r"(?P<text>[^\n]*?)(?: \[(?P<default>[^\n\]]*)\])?: $")


@dataclass(frozen=True, kw_only=True)
class Session:
    """A command of the document, and what stands below it."""

    command: str
    lines: Sequence[str]

    def typed_at(self, prompt: str) -> str | None:
        """What the document types at this prompt; None where it knows no such prompt."""
        for line in self.lines:
            if line.startswith(prompt) and line[len(prompt) :].startswith((":", " [")):
                return re.sub(r"^( \[[^\]]*\])?:", "", line[len(prompt) :]).strip()
        return None


def sessions(document: Path) -> list[Session]:
    """All of them, in the document's order: what stands behind `$ ` in blocks without a language."""
    found: list[Session] = []
    shown = Document(document.name, document.read_text(encoding="utf-8")).blocks()
    for text in (block.text for block in shown if not block.language):
        for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            command, *lines = part.splitlines()
            found.append(Session(command=command, lines=[line.strip() for line in lines]))
    return found


@dataclass(kw_only=True)
class Terminal:
    """A program at a terminal of its own. `said` is all that it wrote, `asked` its prompts."""

    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    patience: float = 150.0
    said: str = ""
    asked: list[str] = field(default_factory=list)

    def run(self, answer: Callable[[str], str]) -> int:
        """To its end; the exit code. `answer` has what is typed at each prompt."""
        pid, terminal = pty.fork()
        if pid == 0:  # the child, whose terminal it is
            os.chdir(self.folder)
            os.execve(self.command[0], list(self.command), dict(self.environment))  # noqa: S606
        try:
            self._talk(terminal, answer)
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        except BaseException:
            os.kill(pid, signal.SIGTERM)
            raise
        finally:
            os.close(terminal)

    def _talk(self, terminal: int, answer: Callable[[str], str]) -> None:
        answered = 0
        until = time.monotonic() + self.patience
        while time.monotonic() < until:
            if not select.select([terminal], [], [], 0.2)[0]:
                continue
            try:
                data = os.read(terminal, 65536)
            except OSError:  # Linux says so when the other end is closed
                return
            if not data:
                return
            self.said += data.decode("utf-8", "replace").replace("\r\n", "\n")
            prompt = PROMPT.search(self.said[answered:].rpartition("\n")[2])
            if prompt is not None:
                self.asked.append(prompt["text"])
                os.write(terminal, answer(prompt["text"]).encode() + b"\n")
                answered = len(self.said)
        raise TimeoutError(f"not within {self.patience:g} s:\n{self.said}")
