"""The documentation as a site, for `make docs`: `python -m tests.docs.site` lays its sources out under build/.

The documents are copied as they lie in the project, with what they link to, so that a link that works in the repository
works on the site. Nothing of it is fetched from elsewhere when it is read: no fonts, no scripts, no search service.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.docs.documents import PROJECT, Document, documents

BUILD = PROJECT / "build" / "docs"
NAV: Mapping[str, Sequence[str]] = {
    "Start": ["README.md", "docs/first-hour.md", "docs/glossary.md", "docs/real-story.md", "docs/comparison.md"],
    "Agents": ["docs/agents.md", "docs/commands.md", "docs/updates.md", "docs/ownership.md", "docs/affected.md",
               "docs/board.md", "docs/closing.md", "docs/merge.md"],
    "Engineers": ["docs/engineers.md", "docs/actions.md", "docs/alerts.md", "docs/quiet.md", "docs/egress.md",
                  "docs/redaction.md", "docs/review.md", "docs/fakes.md", "docs/example_flow/README.md",
                  "docs/example_connector/README.md", "CONTRIBUTING.md"],
    "Operators": ["docs/operators.md", "docs/running.md", "docs/importing.md", "docs/upgrade.md", "docs/roles.md",
                  "docs/monitoring.md",
                  "docs/runbooks.md", "docs/troubleshooting.md", "docs/sizing.md", "docs/security.md",
                  "docs/backup.md", "docs/retention.md", "docs/drill.md", "docs/walks.md"],
    "Service levels and learning": ["docs/sla.md", "docs/sla-report.md", "docs/insights.md", "docs/backtest.md"],
    "How it is kept": ["docs/architecture.md", "docs/reliability.md", "docs/performance.md", "docs/fan-out.md",
                       "docs/sync.md", "docs/idempotency.md"],
    "Reference": ["docs/reference/policy.md", "docs/reference/commands.md"],
}  # fmt: skip
"""The headings of the menu, and their pages; connectors and decisions follow by themselves."""


def navigation() -> list[dict[str, Any]]:
    """The menu, each page under its own title."""
    shown = {document.name: document for document in documents()}
    menu: list[dict[str, Any]] = [
        {heading: [_entry(shown[name]) for name in names]} for heading, names in NAV.items()
    ]
    vendors = [name for name in shown if re.fullmatch(r"connectors/\w+/README\.md", name)]
    rest = {"Connect": sorted(vendors), "Decisions": sorted(_below(shown, "docs/decisions/"))}
    menu[1:1] = [{"Connect": [_entry(shown[name]) for name in rest["Connect"]]}]
    menu.append({"Decisions": [_entry(shown[name]) for name in rest["Decisions"]]})
    return menu


def settings() -> dict[str, Any]:
    """For mkdocs. Strict: a link or an anchor that leads nowhere fails the build."""
    return {
        "site_name": "Liaison",
        "docs_dir": "pages",
        "site_dir": "../site",
        "strict": True,
        "use_directory_urls": False,
        "theme": {
            "name": "material",
            "font": False,
            "features": ["navigation.indexes", "navigation.top", "content.code.copy"],
            "palette": [
                {"media": "(prefers-color-scheme: light)", "scheme": "default"},
                {"media": "(prefers-color-scheme: dark)", "scheme": "slate"},
            ],
        },
        # Not "offline": it has every page ask unpkg.com for a script. So searching needs a web server, reading none.
        "plugins": ["search"],
        "markdown_extensions": [
            "tables",
            "fenced_code",
            "attr_list",
            {"toc": {"permalink": True}},
            "sane_lists",
        ],
        "validation": {
            "nav": {"omitted_files": "ignore", "not_found": "warn"},
            "links": {"not_found": "warn", "anchors": "warn", "unrecognized_links": "ignore"},
        },
        "nav": navigation(),
    }


def lay_out(build: Path = BUILD) -> Path:
    """Write pages and settings anew; returns the settings' file."""
    shutil.rmtree(build, ignore_errors=True)
    for document in documents():
        page = build / "pages" / document.name
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(document.text, encoding="utf-8")
        for linked in _linked(document):
            copy = build / "pages" / linked.relative_to(PROJECT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(linked.read_bytes())
    file = build / "mkdocs.yml"
    file.write_text(yaml.safe_dump(settings(), sort_keys=False), encoding="utf-8")
    return file


def _linked(document: Document) -> Iterator[Path]:
    """Files that are no documents: pictures, code, and what has changed."""
    known = {one.name for one in documents()}
    for link in document.links():
        target = link.text.partition("#")[0]
        if target and not re.match(r"[a-z]+:", target):
            path = (PROJECT / document.name).parent.joinpath(target).resolve()
            is_ours = path.is_file() and path.is_relative_to(PROJECT)
            if is_ours and path.relative_to(PROJECT).as_posix() not in known:
                yield path


def _entry(document: Document) -> dict[str, str]:
    title = document.text.lstrip("# ").partition("\n")[0].strip().replace("`", "")
    return {title: document.name}


def _below(names: Mapping[str, Document], folder: str) -> list[str]:
    return [name for name in names if name.startswith(folder)]


if __name__ == "__main__":
    print(lay_out().relative_to(PROJECT))
