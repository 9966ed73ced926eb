"""Reads the policy file, and says everything that is wrong with it at once, each with line, key and cure."""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from incidents.errors import PolicyError
from incidents.policy.policy import Policy
from incidents.policy.positioned_yaml import Document, read_yaml
from incidents.policy.positioned_yaml import Path as KeyPath
from incidents.policy.references import DANGLING, dangling_references
from incidents.policy.sla.remarks import sla_remarks
from incidents.policy.words import PolicySection
from incidents.rotas.wakes import gap_lines
from incidents.texts.plain_text import did_you_mean

MAX_BYTES = 256_000

_EXPLAINED = {
    "missing": "this is missing; add it",
    "string_type": "it must be text, not {given}; put it in quotes",
    "model_type": "it must have keys of its own, not be {given}",
    "dict_type": "it must have keys of its own, not be {given}",
    "list_type": "it must be a list ([a, b] or lines with dashes), not {given}",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One thing that is wrong. `line` counts from 1 and is 0 when the file as a whole is meant."""

    file: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.key}: {self.message}" if self.key else f"{place}: {self.message}"


class PolicyFileError(PolicyError):
    """The policy file cannot be used; `problems` has all that is wrong, in the order of the file."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


def load_policy(path: Path | str) -> Policy:
    """The policy in the file. Raises `PolicyFileError` with every problem found."""
    return parse_policy(_read(Path(path)), file=str(path))


def parse_policy(text: str, *, file: str = "liaison.yaml") -> Policy:
    """The policy in the text; `file` is what problems call it. Raises `PolicyFileError`."""
    document = read_yaml(text)
    problems = {(wrong.line, _key(wrong.path), wrong.message): None for wrong in document.wrong}
    if document.data is None and not problems:
        problems[1, "", "the file is empty; start from liaison.example.yaml"] = None
    elif document.data is not None and not isinstance(document.data, dict):
        problems[
            1, "", "the file is a list or a single value; it must have keys such as services: and teams:"
        ] = None
    policy = None
    if isinstance(document.data, dict):
        # A section whose lines are all commented out is a section left to its defaults.
        document.data = {key: value for key, value in document.data.items() if value is not None}
        policy, found = _validated(document)
        problems.update(dict.fromkeys(found))
    if problems or policy is None:
        ordered = sorted(problems)
        raise PolicyFileError(
            tuple(Problem(file=file, line=line, key=key, message=why) for line, key, why in ordered)
        )
    return policy


def policy_remarks(path: Path | str) -> tuple[Problem, ...]:
    """What is allowed in the file but may not be what was meant. Raises `PolicyFileError`."""
    return _at_their_lines(path, sla_remarks(load_policy(path).sla))


def rota_remarks(path: Path | str, *, now: datetime) -> tuple[Problem, ...]:
    """When nobody is on call in the next four weeks, by rotas that no calendar can fill. Raises `PolicyFileError`."""
    rotas = load_policy(path).roster().rotas.values()
    return _at_their_lines(
        path,
        (
            (("rotas", rota.name), line)
            for rota in rotas
            if not rota.feed
            for line in gap_lines(rota, {}, begin=now)
        ),
    )


def _at_their_lines(path: Path | str, remarks: Iterable[tuple[KeyPath, str]]) -> tuple[Problem, ...]:
    document = read_yaml(_read(Path(path)))
    return tuple(
        Problem(file=str(path), line=document.line_of(place), key=_key(place), message=message)
        for place, message in remarks
    )


def _read(path: Path) -> str:
    def fail(message: str, line: int = 0) -> PolicyFileError:
        return PolicyFileError((Problem(file=str(path), line=line, key="", message=message),))

    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise fail("there is no such file; copy liaison.example.yaml to it and edit it") from error
    except OSError as error:
        raise fail(f"the file cannot be read: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise fail(f"the file has more than {MAX_BYTES} bytes; a policy is far smaller")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise fail("the file is not UTF-8 text; save it as UTF-8", line) from error


def _validated(document: Document) -> tuple[Policy | None, list[tuple[int, str, str]]]:
    found = [
        (document.line_of(path), _key(path), message) for path, message in dangling_references(document.data)
    ]
    try:
        return Policy.model_validate(document.data), found
    except ValidationError as error:
        for details in error.errors(include_url=False):
            if details["type"] != DANGLING:  # already found, with its line
                path = _path(details["loc"])
                found.append((document.line_of(path), _key(path), _explained(details, path)))
    return None, found


def _path(loc: KeyPath) -> KeyPath:
    """Pydantic's location as the file has it: without its marker for "this is about the key"."""
    return tuple(part for part in loc if part != "[key]")


def _key(path: KeyPath) -> str:
    key = ""
    for part in path:
        key += f"[{part}]" if isinstance(part, int) else f".{part}"
    return key.removeprefix(".")


def _explained(details: ErrorDetails, path: KeyPath) -> str:
    kind, given = details["type"], _shown(details["input"])
    if kind == "extra_forbidden":
        section, name = _section_at(path[:-1]), str(path[-1])
        if section is not None and name in section.gone:
            return section.gone[name]
        return f"there is no such setting{did_you_mean(name, _settings_of(section))}"
    if kind == "value_error":
        return details["msg"].removeprefix("Value error, ")
    explained = _EXPLAINED.get(kind)
    if explained is not None:
        return explained.format(given=given)
    return f"{details['msg'][:1].lower()}{details['msg'][1:]}, not {given}"


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return repr(value)[:60]


def _settings_of(section: type[PolicySection] | None) -> list[str]:
    if section is None:
        return []
    return [field.alias or name for name, field in section.model_fields.items()]


def _section_at(path: KeyPath) -> type[PolicySection] | None:
    """The section where the path leads, read from the models' own annotations."""
    here: Any = Policy
    for part in path:
        if isinstance(here, type) and issubclass(here, BaseModel):
            field = here.model_fields.get(str(part))
            here = field.annotation if field is not None else None
        elif get_origin(here) in (dict, list):
            here = get_args(here)[-1]
        here = next(_models_in(here), here)
    return here if isinstance(here, type) and issubclass(here, PolicySection) else None


def _models_in(annotation: Any) -> Iterator[Any]:
    """The model in `Model | None`."""
    if get_origin(annotation) in (Union, types.UnionType):
        yield from (
            one for one in get_args(annotation) if isinstance(one, type) and issubclass(one, BaseModel)
        )
