"""Copies a connector with its block and its tests, under another name; what is said of it is said anew.

Only connectors whose name stands for nothing else in their code can be copied so: `http` is in `httpx`, `prefect` in
the block's own import.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

LIKES = {
    "prometheus": "calls an HTTP API with a token; its fake is at the wire",
    "customersql": "reads a database or a file",
    "catalogfile": "reads a folder of files",
}
"""What can be copied, and what it is near to."""

_VENDOR = re.compile(r"[a-z][a-z0-9]{1,30}")
_ADDRESS = re.compile(r"https?://[^\s\"'`)]+")
_NEXT_LINE = "| plain HTTP |"
_TEXTS = (".py", ".md", ".yaml")


class CannotCopy(Exception):
    """Why there is no new connector; nothing was written."""


def new_connector(root: Path, name: str, like: str) -> list[Path]:
    """Write the new connector's files, and its line in README's table; returns the files. Raises `CannotCopy`."""
    if like not in LIKES:
        near = "; ".join(f"like={one} {what}" for one, what in LIKES.items())
        raise CannotCopy(f"no connector {like!r} to copy: {near}")
    if _VENDOR.fullmatch(name) is None:
        raise CannotCopy(f"{name!r} is no name: small letters and digits, such as zammad")
    if (
        name in _words_in(root, like)
        or (root / "connectors" / name).exists()
        or (root / "blocks" / f"{name}.py").exists()
    ):
        raise CannotCopy(f"the name {name!r} is taken, or means something else in the code of {like}")
    renamed = Renaming(like, name, _classes(root, like))
    written = [_write(root, old, new, renamed) for old, new in _pairs(root, name, like)]
    (root / "connectors" / name / "quality.yaml").write_text(_quality(root, like), "utf-8")
    readme = root / "connectors" / name / "README.md"
    readme.write_text(_with_next_steps(readme.read_text("utf-8"), name, like), "utf-8")
    _add_to_table(root / "README.md", name, renamed.title)
    return written


class Renaming:
    """The names of one connector as another's: its own in every spelling, and its classes, which must be unique."""

    def __init__(self, like: str, name: str, classes: dict[str, str]) -> None:
        self.title = name.capitalize()
        self._like, self._name = like, name
        # Longer ones first: a name may be the beginning of another.
        self._classes = sorted(
            ((old, self._class(old, spelled)) for old, spelled in classes.items()),
            key=lambda pair: -len(pair[0]),
        )

    def text(self, text: str) -> str:
        """The text under the new name. Addresses stay: they say where the facts are from, until they are replaced."""
        kept: list[str] = []

        def keep(match: re.Match[str]) -> str:
            kept.append(match[0])
            return f"\x00{len(kept) - 1}\x00"

        text = _ADDRESS.sub(keep, text)
        for old, new in self._classes:
            text = re.sub(rf"\b{old}\b", new, text)
        text = text.replace(self._like.upper(), self._name.upper()).replace(self._like, self._name)
        text = text.replace(self._like.capitalize(), self.title)
        return re.sub(r"\x00(\d+)\x00", lambda match: kept[int(match[1])], text)

    def _class(self, old: str, spelled: str) -> str:
        return old.replace(spelled, self.title) if spelled and spelled in old else f"{self.title}{old}"


def _pairs(root: Path, name: str, like: str) -> Iterator[tuple[Path, Path]]:
    yield Path("blocks") / f"{like}.py", Path("blocks") / f"{name}.py"
    for folder in ("connectors", "tests/connectors"):
        for path in sorted((root / folder / like).rglob("*")):
            is_ours = (
                path.suffix in _TEXTS and path.name != "quality.yaml" and "__pycache__" not in path.parts
            )
            if path.is_file() and is_ours:
                below = path.relative_to(root / folder / like)
                parts = [part.replace(like, name) for part in below.parts]
                yield path.relative_to(root), Path(folder, name, *parts)


def _write(root: Path, old: Path, new: Path, renamed: Renaming) -> Path:
    target = root / new
    target.parent.mkdir(parents=True, exist_ok=True)
    text = renamed.text((root / old).read_text("utf-8"))
    # Not every block has its vendor's name in the one that people see.
    text = re.sub(r"_block_type_name = .*", f'_block_type_name = "Liaison {renamed.title}"', text)
    target.write_text(text, "utf-8")
    return new


def _classes(root: Path, like: str) -> dict[str, str]:
    """The connector's public classes, each with how its vendor is spelled in it, "" if it is not."""
    sources = [root / "blocks" / f"{like}.py", *sorted((root / "connectors" / like).rglob("*.py"))]
    found: dict[str, str] = {}
    for path in sources:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                match = re.search(like, node.name, re.IGNORECASE)
                found[node.name] = match[0] if match else ""
    return found


def _words_in(root: Path, like: str) -> set[str]:
    sources = [root / "blocks" / f"{like}.py", *(root / "connectors" / like).rglob("*.py")]
    return {word.lower() for path in sources for word in re.findall(r"[A-Za-z]\w*", path.read_text("utf-8"))}


def _quality(root: Path, like: str) -> str:
    """Nothing was held against anything yet; what is exempt of the old one is of the new one until it is mended."""
    lines = (root / "connectors" / like / "quality.yaml").read_text("utf-8").splitlines(keepends=True)
    start = next((number for number, line in enumerate(lines) if line.startswith("exempt:")), None)
    kept = "" if start is None else "".join(lines[start + 1 :])
    mine = f"  held against: it is a copy of {like} and was held against nothing yet\n"
    return f"exempt:\n{mine}{kept}"


def _with_next_steps(readme: str, name: str, like: str) -> str:
    title, _, rest = readme.partition("\n")
    return f"""{title}

**This is a copy of [{like}](../{like}/README.md) under another name. What to do next:**

1. Read `connectors/kit/README.md` and the port in `incidents/ports.py` that the class line of `connector.py` names;
   name the one that your vendor keeps.
2. Write `settings.py` for your vendor, then its wire fake or real data for tests, then `connector.py` and
   `mapping.py`; each vendor's fact with its source. Addresses in the docstrings are still those of {like}.
3. `tests/connectors/{name}` runs the contract suite of the port: keep it green at each step, and add your vendor's own
   traps.
4. Correct `blocks/{name}.py`: what it is in a sentence, its logo and its documentation.
5. Hold it against a real server or the vendor's own description, name that in `quality.yaml`, and take the exemption
   out.
6. Write this file anew, and its line in the table of README.md; `python -m tests.quality --write`, then `make check`
   and `make test`.

{rest.lstrip()}"""


def _add_to_table(readme: Path, name: str, title: str) -> None:
    text = readme.read_text("utf-8")
    line = f"| {title} | (what it is for) | [connectors/{name}](connectors/{name}/README.md) |\n"
    if _NEXT_LINE not in text:
        raise CannotCopy(
            f"{readme.name} has no table of vendors with a line {_NEXT_LINE!r}; add {line.strip()} by hand"
        )
    readme.write_text(text.replace(_NEXT_LINE, line + _NEXT_LINE, 1), "utf-8")
