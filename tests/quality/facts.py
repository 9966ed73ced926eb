"""What is true of one connector, read from its folder, its block and its tests; nothing of it is anybody's word.

What cannot be read from code (what it was held against, which vectors prove its webhooks, why a rule does not hold)
stands in `quality.yaml` in the vendor's folder, and is checked as far as it can be.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field

from incidents import ports, status_page
from incidents.alerts import acknowledging
from tests.connectors.kit.test_signature_vectors import ROLES
from tests.quality.writes import Row, rows_of, unproven

ROOT = Path(__file__).parents[2]
FILES = ("__init__.py", "settings.py", "connector.py", "mapping.py", "README.md", "fake/app.py")
SECTIONS = {
    "Connect": "how to connect it",
    "Limits": "its limits",
    "Not ": "what is not there",
    "The fake": "the fake",
}
MOST_LINES = 600
_CAPABILITIES = frozenset(
    name
    for module in (ports, status_page, acknowledging)
    for name, value in vars(module).items()
    if isinstance(value, type) and value.__module__ == module.__name__
)
_EVERY = {"Connector"}
_VECTORS = frozenset(scheme for scheme, _ in ROLES)


class HeldAgainst(BaseModel):
    """A real server or a vendor's own description, and the test that holds the connector or its fake against it."""

    model_config = ConfigDict(extra="forbid")

    what: str
    by: str = Field(description="The test's path.")


class Quality(BaseModel):
    """A vendor's `quality.yaml`."""

    model_config = ConfigDict(extra="forbid")

    webhook: str | None = Field(default=None, description="The webhooks' scheme, in words.")
    vectors: str | None = Field(default=None, description="The scheme's name in vectors/signatures.json.")
    held_against: list[HeldAgainst] = Field(default_factory=list)
    counts_apart: dict[str, str] = Field(
        default_factory=dict, description="Folders with a size of their own, and why."
    )
    once: dict[str, dict[str, str]] = Field(
        default_factory=dict,
        description="What makes each write happen once, by capability: a word of `Protection`, and how.",
    )
    once_tests: dict[str, str] = Field(
        default_factory=dict, description="A capability's test of lost answers that is no contract suite's."
    )
    exempt: dict[str, str] = Field(default_factory=dict, description="Rules that do not hold here, and why.")


@dataclass(frozen=True, kw_only=True)
class Facts:
    """One connector. `lines` are of code, without blank lines, comments and docstrings, by part."""

    vendor: str
    said: Quality
    missing_files: tuple[str, ...]
    capabilities: tuple[str, ...]
    contracts: tuple[str, ...]
    missing_sections: tuple[str, ...]
    has_pace: bool
    lines: dict[str, int]
    fake_imports: tuple[str, ...]
    has_block: bool
    has_webhook_file: bool
    is_in_readme: bool

    @property
    def writes(self) -> list[Row]:
        """Each write of it, with what makes it happen once."""
        return rows_of(self.capabilities, self.said.once, self.said.once_tests)

    def broken(self) -> Iterator[tuple[str, str]]:
        """Each rule that does not hold, and how; exemptions are not looked at here."""
        yield from self._unproven()
        for name in self.missing_files:
            yield "files", f"{name} is missing"
        if not self.has_block:
            yield "block", f"there is no blocks/{self.vendor}.py"
        if not self.has_pace:
            yield "limits", "no Pace keeps to a rate"
        for name in self.missing_sections:
            yield "README", f"no section on {name}"
        for part, count in self.lines.items():
            if count > MOST_LINES:
                yield "size", f"{part or 'the connector'} has {count} lines of code, over {MOST_LINES}"
        for name in self.fake_imports:
            yield "fake", f"{name} imports the fake"
        if not self.is_in_readme:
            yield "vendors' table", "README.md's table has no link to it"

    def _unproven(self) -> Iterator[tuple[str, str]]:
        for name in self.capabilities:
            if name not in self.contracts:
                yield f"contract {name}", f"no test runs {name}Contract"
        if "Helpdesk" in self.capabilities and "PrivateNotes" not in self.contracts:
            yield "private notes", "no test runs PrivateNotesContract"
        if not self.said.held_against:
            yield "held against", "neither a real server nor a vendor's description"
        for fault in unproven(self.writes, self.contracts, self.said.once, self.said.once_tests):
            yield "once", fault
        for one in self.said.held_against:
            if not (ROOT / one.by).exists():
                yield "held against", f"{one.by} does not exist"
        if "WebhookSource" in self.capabilities:
            yield from self._unproven_webhooks()

    def _unproven_webhooks(self) -> Iterator[tuple[str, str]]:
        if not self.has_webhook_file:
            yield "files", "webhook.py is missing"
        if self.said.webhook is None:
            yield "vectors", "quality.yaml does not say its webhooks' scheme"
        if self.said.vectors is None:
            yield "vectors", "no vectors prove its webhooks' scheme"
        elif self.said.vectors not in _VECTORS:
            yield (
                "vectors",
                f"{self.said.vectors} is no scheme of tests/connectors/kit/test_signature_vectors.py",
            )


def vendors() -> list[str]:
    """Every folder of connectors but the kit."""
    folders = (ROOT / "connectors").iterdir()
    return sorted(one.name for one in folders if (one / "__init__.py").exists() and one.name != "kit")


def facts_of(vendor: str) -> Facts:
    """Raises `ValidationError` for a `quality.yaml` that says what nobody reads."""
    folder = ROOT / "connectors" / vendor
    said = Quality.model_validate(yaml.safe_load((folder / "quality.yaml").read_text("utf-8")))
    product = [path for path in sorted(folder.rglob("*.py")) if "fake" not in path.relative_to(folder).parts]
    trees = {path: ast.parse(path.read_text("utf-8")) for path in product}
    tests = [
        ast.parse(path.read_text("utf-8")) for path in (ROOT / "tests/connectors" / vendor).glob("test_*.py")
    ]
    headings = [
        line.removeprefix("## ")
        for line in (folder / "README.md").read_text("utf-8").splitlines()
        if line.startswith("## ")
    ]
    return Facts(
        vendor=vendor,
        said=said,
        missing_files=tuple(name for name in FILES if not (folder / name).exists()),
        capabilities=tuple(sorted(_bases(trees.values()) & _CAPABILITIES - _EVERY)),
        contracts=tuple(
            sorted(
                one.removesuffix("Contract")
                for one in _bases(tests)
                if one.endswith("Contract") and one[0] != "_"
            )
        ),
        missing_sections=tuple(
            name for start, name in SECTIONS.items() if not any(one.startswith(start) for one in headings)
        ),
        has_pace=any(_calls(tree, "Pace") for tree in trees.values()),
        lines=_lines(folder, product, said.counts_apart),
        fake_imports=tuple(
            str(path.relative_to(ROOT)) for path, tree in trees.items() if _imports_a_fake(tree)
        ),
        has_webhook_file=(folder / "webhook.py").exists(),
        has_block=(ROOT / "blocks" / f"{vendor}.py").exists(),
        is_in_readme=f"connectors/{vendor}/README.md" in (ROOT / "README.md").read_text("utf-8"),
    )


def code_lines(source: str) -> int:
    """Lines with code on them: neither blank, nor a comment, nor part of a docstring."""
    nothing = {
        tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER,
    }  # fmt: skip
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in nothing:
            lines |= set(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
            first = node.body[0]
            if ast.get_docstring(node, clean=False) is not None:
                lines -= set(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    return len(lines)


def _lines(folder: Path, product: list[Path], apart: dict[str, str]) -> dict[str, int]:
    counted = dict.fromkeys(["", *apart], 0)
    for path in product:
        part = path.relative_to(folder).parts[0]
        counted[part if part in apart else ""] += code_lines(path.read_text("utf-8"))
    return counted


def _bases(trees: Iterable[ast.Module]) -> set[str]:
    """The names that classes are made from."""
    found: set[str] = set()
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                found |= {base.id for base in node.bases if isinstance(base, ast.Name)}
    return found


def _calls(tree: ast.Module, name: str) -> bool:
    """Whether it is called, or a class method of it that makes one."""
    called = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    makers = [one.value if isinstance(one, ast.Attribute) else one for one in called]
    return any(isinstance(one, ast.Name) and one.id == name for one in makers)


def _imports_a_fake(tree: ast.Module) -> bool:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(f"{node.module}.{one.name}" for one in node.names)]
        elif isinstance(node, ast.Import):
            names = [one.name for one in node.names]
        else:
            continue
        if any(part in ("fake", "fakes") for name in names for part in name.split(".")):
            return True
    return False
