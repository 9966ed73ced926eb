"""Answers: given beforehand, remembered from an earlier try, or asked for at the terminal. No secret is written."""

from __future__ import annotations

import json
import os
import signal
import stat
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import typer

from deployments.commands.first_hour.questions import LONGEST, SetupQuestion
from incidents.errors import LiaisonError
from incidents.policy.positioned_yaml import read_yaml
from incidents.texts.plain_text import did_you_mean

FILE = "first-hour.json"
"""In the home folder: what was answered, without secrets, so that a second try need not begin anew."""


class AnswerError(LiaisonError):
    """An answer that is missing or cannot be used. The message names it and the cure."""


class Terminal(Protocol):
    """Whoever sits there."""

    def say(self, text: str = "") -> None:
        """Print a line."""
        ...

    def ask(self, text: str, *, default: str | None, is_secret: bool) -> str:
        """What they type; the default if they type nothing."""
        ...

    def agrees(self, text: str, *, default: bool) -> bool:
        """Yes or no."""
        ...


class Screen:
    """The terminal that the command was typed in."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    def say(self, text: str = "") -> None:
        """Print a line."""
        self._say(text)

    def ask(self, text: str, *, default: str | None, is_secret: bool) -> str:
        """Raises typer's `Abort` on Ctrl-C, and `AnswerError` where the input is at its end."""
        shown = bool(default) and not is_secret
        with _interruptible():
            return str(typer.prompt(text, default=default, hide_input=is_secret, show_default=shown))

    def agrees(self, text: str, *, default: bool) -> bool:
        """As `ask`."""
        with _interruptible():
            return typer.confirm(text, default=default)


@contextmanager
def _interruptible() -> Iterator[None]:
    """An event loop takes Ctrl-C for itself, and a prompt would not hear of it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    except typer.Abort:
        if sys.stdin.isatty():
            raise
        raise AnswerError(
            "the input ended before the questions did: give --answers FILE and say --no-input"
        ) from None
    finally:
        signal.signal(signal.SIGINT, before)


class SetupAnswers:
    """`given` goes before what is asked; without a terminal nothing is asked, and what has no default is missing.

    `given_from` says where they come from, for whoever has to mend one. `kept` is the file of earlier answers.
    """

    def __init__(
        self,
        given: Mapping[str, str],
        *,
        given_from: str = "--answer",
        terminal: Terminal | None = None,
        kept: Path | None = None,
    ) -> None:
        self._given = dict(given)
        self._given_from = given_from
        self._kept = kept
        self._earlier = _read_kept(kept)
        self._asked: set[str] = set()
        self.terminal = terminal

    def ask(self, question: SetupQuestion) -> str:
        """The answer, in the question's form. Raises `AnswerError` for one that is missing or cannot be used."""
        self._asked.add(question.key)
        if question.key in self._given:
            return self._remembered(question, self._judged(question))
        if self.terminal is None:
            if question.default is None:
                raise AnswerError(
                    f"{question.key} has no answer ({question.text}): say --answer {question.key}=... or put it in the"
                    " file of --answers"
                    if not question.is_secret
                    else f"{question.key} has no answer ({question.text}): put it in the file of --answers"
                )
            return question.default
        return self._remembered(question, self._typed(question, self.terminal))

    def again(self, prefix: str) -> None:
        """What begins so is asked anew, as it did not work; what was typed becomes the default."""
        for key in [key for key in self._given if key.startswith(prefix)]:
            del self._given[key]

    def has(self, key: str) -> bool:
        """Whether it was answered beforehand."""
        return key in self._given

    def require_all_used(self) -> None:
        """Raises `AnswerError` for answers to what was never asked: a key that is misspelt."""
        self._require_among(self._asked)

    def require_askable(self, askable: Callable[[Mapping[str, str]], Collection[str]]) -> None:
        """The same where little is asked, as what is there stays: for answers to what nobody would ever ask. `askable`
        makes the keys of the answers given."""
        self._require_among(askable(self._given))

    def _require_among(self, known: Collection[str]) -> None:
        unused = sorted(set(self._given) - set(known))
        if unused:
            raise AnswerError(
                f"nothing asks for {unused[0]!r} ({self._given_from}){did_you_mean(unused[0], sorted(known))}"
                if len(unused) == 1
                else f"nothing asks for {', '.join(map(repr, unused))} ({self._given_from}): correct or remove them"
            )

    def forget(self) -> None:
        """All is well: nothing need be remembered."""
        if self._kept is not None:
            self._kept.unlink(missing_ok=True)

    def _judged(self, question: SetupQuestion) -> str:
        text = self._given[question.key]
        try:
            return _read(question, text)
        except ValueError as error:
            raise AnswerError(f"{question.key} ({self._given_from}): {error}") from None

    def _typed(self, question: SetupQuestion, terminal: Terminal) -> str:
        terminal.say()
        if question.hint:
            terminal.say(question.hint)
        default = self._earlier.get(question.key, question.default)
        while True:
            typed = terminal.ask(question.text, default=default, is_secret=question.is_secret)
            if not typed and question.default == "":
                return ""
            try:
                return _read(question, typed)
            except ValueError as error:
                terminal.say(f"  That cannot be used: {error}.")

    def _remembered(self, question: SetupQuestion, answer: str) -> str:
        if not question.is_secret:
            self._earlier[question.key] = answer
            if self._kept is not None:
                self._kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                descriptor = os.open(self._kept, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    json.dump(self._earlier, file, indent=1, ensure_ascii=False)
        return answer


def _read(question: SetupQuestion, text: str) -> str:
    if len(text) > LONGEST:
        raise ValueError(f"it has more than {LONGEST} characters")
    if not text.strip() and question.default == "":
        return ""
    return question.read(text)


def given_answers(pairs: Sequence[str], file: Path | None) -> dict[str, str]:
    """Those of the command line over those of the file. Raises `AnswerError`, with the cure."""
    found = {} if file is None else read_answers(file)
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise AnswerError(
                f"--answer {pair[:60]!r}: write a key, an equals sign and the answer: helpdesk=mailbox"
            )
        found[key.strip()] = value.strip()
    return found


def read_answers(file: Path) -> dict[str, str]:
    """YAML, `mail: {address: ...}` or `mail.address: ...`. Raises `AnswerError`: also where others may read it.

    It has passwords in it, as a rule.
    """
    try:
        text, mode = file.read_text(encoding="utf-8"), file.stat().st_mode
    except (OSError, UnicodeDecodeError) as error:
        raise AnswerError(f"{file} cannot be read: {error}") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise AnswerError(
            f"others on this machine may read {file}, which has passwords in it: chmod 600 {file}"
        )
    document = read_yaml(text)
    if document.wrong:
        raise AnswerError("\n".join(f"{file}:{wrong.line}: {wrong.message}" for wrong in document.wrong))
    if not isinstance(document.data, dict):
        raise AnswerError(f"{file} must have keys and answers, such as helpdesk: mailbox")
    return dict(_flat(document.data, ""))


def _flat(data: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for key, value in data.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        elif isinstance(value, bool):
            yield f"{prefix}{key}", "yes" if value else "no"
        elif isinstance(value, list):
            yield f"{prefix}{key}", ", ".join(map(str, value))
        else:
            yield f"{prefix}{key}", "" if value is None else str(value)


def _read_kept(file: Path | None) -> dict[str, str]:
    try:
        found = {} if file is None else json.loads(file.read_text(encoding="utf-8"))
        return {str(key): str(value) for key, value in found.items()}
    except (OSError, ValueError, AttributeError):  # none, or half of one: then it is asked anew
        return {}
