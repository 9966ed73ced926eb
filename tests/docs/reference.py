"""The reference of policy and commands, written from the code: `python -m tests.docs.reference` writes it anew."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from typer.core import TyperGroup

from deployments.cli.app import app
from incidents.policy.policy import Policy

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
WRITTEN = "Written from the code by `python -m tests.docs.reference`; a test says when it is stale.\n"


def policy_page() -> str:
    """Every section and key of the policy, with its meaning and default."""
    lines = ["# Policy: every key", "", WRITTEN]
    lines += ["A whole one to begin with: [liaison.example.yaml](../../liaison.example.yaml).", ""]
    sections: dict[type[BaseModel], list[str]] = {}
    _collect(Policy, "", sections)
    for model, paths in sections.items():
        lines += [f"## {_heading(model, paths)}", ""]
        if model is not Policy:
            lines += [_first_line(model), ""]
            others = sorted({*paths} - {min(paths, key=len)})
            lines += [f"Also at {', '.join(f'`{path}`' for path in others)}.", ""] if others else []
        lines += ["| key | kind | default | meaning |", "|---|---|---|---|"]
        lines += [_row(name, field) for name, field in model.model_fields.items()]
        lines.append("")
    return "\n".join(lines)


def commands_page() -> str:
    """Every verb of `liaison`, with its arguments and options."""
    lines = ["# Commands: every verb", "", WRITTEN]
    group = cast(TyperGroup, typer.main.get_command(app))
    for words, command in _commands(group, "liaison"):
        lines += [f"## {words}", "", _plain(command.help or ""), ""]
        parameters = [
            one for one in command.params if one.name != "help" and not getattr(one, "hidden", False)
        ]
        if parameters:
            lines += ["| option | meaning |", "|---|---|"]
            lines += [
                f"| `{_spelled(one)}` | {_cell(getattr(one, 'help', None) or '')} |" for one in parameters
            ]
            lines.append("")
    return "\n".join(lines)


PAGES: Mapping[str, Any] = {"policy.md": policy_page, "commands.md": commands_page}
"""By the file each is written to."""


def _collect(model: type[BaseModel], path: str, found: dict[type[BaseModel], list[str]]) -> None:
    found.setdefault(model, []).append(path)
    if len(found[model]) > 1:
        return
    for name, field in model.model_fields.items():
        for inner, mark in _models(field.annotation):
            _collect(inner, f"{path}.{name}{mark}".lstrip("."), found)


def _models(annotation: Any, mark: str = "") -> Iterator[tuple[type[BaseModel], str]]:
    """The sections within a type, each with how it is reached: a list's items, a mapping's values."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, mark
        return
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _models(inner[0], mark)
    elif origin is dict:
        yield from _models(inner[1], f"{mark}.<name>")
    elif origin in (list, tuple):
        yield from _models(inner[0], f"{mark}[]")
    elif origin in (Union, types.UnionType):
        for one in inner:
            yield from _models(one, mark)


def _heading(model: type[BaseModel], paths: list[str]) -> str:
    return "The file" if model is Policy else f"`{min(paths, key=len)}`"


def _first_line(model: type[BaseModel]) -> str:
    return _plain((model.__doc__ or "").strip().partition("\n\n")[0])


def _row(name: str, field: FieldInfo) -> str:
    shown = field.alias or name
    return f"| `{shown}` | {_kind(field.annotation)} | {_default(field)} | {_cell(field.description or '')} |"


def _kind(annotation: Any) -> str:  # noqa: PLR0911 - a case a kind
    origin, inner = get_origin(annotation), get_args(annotation)
    if annotation is type(None):
        return "nothing"
    if origin is Annotated:
        return _kind(inner[0])
    if origin is Literal:
        return " or ".join(f"`{one}`" for one in inner)
    if origin is dict:
        return f"{_kind(inner[1])} by name"
    if origin in (list, tuple, frozenset, set):
        return f"list of {_kind(inner[0])}"
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_kind(one) for one in inner))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "section"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return " or ".join(f"`{one.value}`" for one in annotation)
    words = {
        str: "text",
        int: "number",
        float: "number",
        bool: "true or false",
        timedelta: "time, such as 15m",
        datetime: "moment with its zone",
        date: "day",
    }
    return words.get(annotation, getattr(annotation, "__name__", "text"))


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is PydanticUndefined:
        return ""
    text = _value(value)
    return f"`{text}`" if text else ""


def _value(value: Any) -> str:  # noqa: PLR0911 - a case a kind
    """As it would stand in the file; nothing where that says no more than that it is left out."""
    if value is None or isinstance(value, BaseModel) or value in ("", [], {}, ()):
        return ""
    if isinstance(value, timedelta):
        return _time(value)
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_value(one) for one in value)}]" if not isinstance(value[0], BaseModel) else ""
    if isinstance(value, dict):
        return ""
    return _cell(str(value)) if len(str(value)) <= 60 else "a text of ours"


def _time(value: timedelta) -> str:
    """As the policy has it: the largest unit that it is a whole number of."""
    seconds = value.total_seconds()
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % length == 0:
            return f"{seconds / length:g}{unit}"
    return f"{seconds:g}s"


def _commands(group: TyperGroup, words: str) -> Iterator[tuple[str, Any]]:
    for name, command in sorted(group.commands.items()):
        if command.hidden:
            continue
        if isinstance(command, TyperGroup):
            yield from _commands(command, f"{words} {name}")
        else:
            yield f"{words} {name}", command


def _spelled(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        name = (parameter.metavar or parameter.name or "").upper()
        return name if parameter.required else f"[{name}]"
    return " / ".join([*parameter.opts, *parameter.secondary_opts])


def _cell(text: str) -> str:
    return _plain(text).replace("|", "\\|")


def _plain(text: str) -> str:
    """One paragraph each, without the marks of the terminal's and the code's own markup."""
    text = re.sub(r"\[/?(bold|dim|italic)\]", "", text)
    paragraphs = [" ".join(part.split()) for part in text.split("\n\n")]
    return "\n\n".join(part.replace("<", "&lt;") for part in paragraphs if part)


def main() -> None:
    """Write both."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
