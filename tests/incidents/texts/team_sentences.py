"""Every sentence that colleagues read, as the code has it: `python -m tests.incidents.texts.team_sentences` lists those
that a catalogue lacks, as entries to fill in."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

from incidents.texts import team

ROOT = Path(__file__).parents[3]
FOLDERS = ("incidents", "insights", "tasks", "flows", "connectors", "deployments")
CATALOGUES = ROOT / "incidents" / "texts" / "catalogues" / "team"
_SAID = {
    team.worded.__name__: 1,
    team.worded_count.__name__: 2,
    team.sentence.__name__: 1,
}


@dataclass(frozen=True, kw_only=True)
class Said:
    """Where a sentence is said, its forms in English, and the values it is given; None in a table, where that is not
    known. A form that is no literal is None. `is_on_import`: it is looked up when its module is read, before any
    language is set."""

    place: str
    forms: tuple[str | None, ...]
    values: frozenset[str] | None
    is_on_import: bool = False

    @property
    def id(self) -> str | tuple[str | None, ...]:
        """Its name in a catalogue."""
        return self.forms[0] if len(self.forms) == 1 else self.forms


def placeholders(text: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name is not None)


def said_in_code() -> Iterator[Said]:
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            source = path.read_text()
            if "texts.team" in source:
                yield from said_in(source, str(path.relative_to(ROOT)))
        for path in templates(folder):
            yield from said_in_template(path.read_text(), str(path.relative_to(ROOT)))


def templates(folder: str = ".") -> Sequence[Path]:
    """Pages of ours that Jinja makes."""
    return sorted((ROOT / folder).glob("**/templates/*.html"))


def said_in_template(source: str, name: str) -> Iterator[Said]:
    """What a template says, which calls the same functions by the same names."""
    for call in Environment(autoescape=True).parse(source).find_all(nodes.Call):
        if not isinstance(call.node, nodes.Name) or call.node.name not in _SAID:
            continue
        is_count = call.node.name == team.worded_count.__name__
        values = frozenset(one.key for one in call.kwargs) | (
            frozenset({"count"}) if is_count else frozenset()
        )
        yield Said(
            place=f"{name}:{call.lineno}",
            forms=tuple(
                one.value if isinstance(one, nodes.Const) and isinstance(one.value, str) else None
                for one in call.args[: _SAID[call.node.name]]
            ),
            values=values,
        )


def said_in(source: str, name: str) -> Iterator[Said]:
    tree = ast.parse(source)
    later = _within_functions(tree)
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.func.id not in _SAID:
            continue
        forms = call.args[: _SAID[call.func.id]]
        values = frozenset(one.arg for one in call.keywords)
        if call.func.id == team.worded_count.__name__:
            values |= {"count"}
        yield Said(
            place=f"{name}:{call.lineno}",
            forms=tuple(
                one.value if isinstance(one, ast.Constant) and isinstance(one.value, str) else None
                for one in forms
            ),
            values=None if call.func.id == team.sentence.__name__ else values,
            is_on_import=call.func.id != team.sentence.__name__ and call not in later,
        )


def _within_functions(tree: ast.AST) -> set[ast.AST]:
    """What runs when a function is called; defaults run when it is defined."""
    found: set[ast.AST] = set()
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            found |= {node for statement in function.body for node in ast.walk(statement)}
        elif isinstance(function, ast.Lambda):
            found |= set(ast.walk(function.body))
    return found


def catalogue(language: str) -> Catalog:
    with (CATALOGUES / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _main() -> None:
    for language in team.TEAM_LANGUAGES[1:]:
        known = {one.id for one in catalogue(language) if one.id}
        for one in {said.id: said for said in said_in_code()}.values():
            if one.id in known or None in one.forms:
                continue
            print(f"\n#: {one.place}")
            print(f"msgid {_quoted(str(one.forms[0]))}")
            if len(one.forms) > 1:
                print(f"msgid_plural {_quoted(str(one.forms[1]))}")
                print('msgstr[0] ""\nmsgstr[1] ""')
            else:
                print('msgstr ""')


if __name__ == "__main__":
    _main()
