"""The site shows every page, is asked of nobody else when it is read, and the reference is not stale."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from incidents.policy.policy import Policy
from tests.docs.documents import PROJECT, documents
from tests.docs.reference import FOLDER, PAGES, policy_page
from tests.docs.site import NAV, lay_out, settings

MKDOCS = PROJECT / ".venv-docs" / "bin" / "mkdocs"


@pytest.mark.parametrize("name", PAGES)
def test_the_reference_is_what_the_code_says(name: str):
    assert (FOLDER / name).read_text() == PAGES[name](), "run: python -m tests.docs.reference"


def test_the_reference_has_every_section_of_the_policy():
    page = policy_page()
    assert [name for name in Policy.model_fields if f"| `{name}` |" not in page] == []
    assert "| `title` | text | **required** | The name customers know it by. |" in page


def test_every_page_of_docs_is_in_the_menu():
    inside = {name for names in NAV.values() for name in names}
    missing = [
        document.name
        for document in documents()
        if document.name.startswith("docs/")
        and not document.name.startswith("docs/decisions/")
        and document.name not in inside
    ]
    assert missing == []


def test_it_is_laid_out_with_what_its_pages_show(tmp_path: Path):
    file = lay_out(tmp_path / "docs")
    pages = file.parent / "pages"
    assert yaml.safe_load(file.read_text())["nav"] == settings()["nav"]
    assert (pages / "README.md").read_text() == (PROJECT / "README.md").read_text()
    assert (pages / "docs" / "images" / "board.png").exists()
    assert (pages / "liaison.example.yaml").exists()


def test_nothing_is_asked_of_anybody_when_it_is_read():
    theme = settings()["theme"]
    assert theme["font"] is False
    assert settings()["plugins"] == ["search"]
    assert not {"extra_javascript", "extra_css", "extra"} & set(settings())


@pytest.mark.skipif(not MKDOCS.exists(), reason="`make docs` installs mkdocs, and CI runs it")
def test_it_is_built_strictly_and_a_broken_link_fails_it(tmp_path: Path):
    file = lay_out(tmp_path / "docs")
    assert built(file).returncode == 0, built(file).stderr
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) > len(documents()) - 5
    for page in pages:
        asked = re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="(https?:)?//', page.read_text("utf-8"))
        assert asked == [], page
    readme = file.parent / "pages" / "README.md"
    readme.write_text(readme.read_text() + "\n[gone](docs/gone.md)\n")
    assert built(file).returncode != 0
    shutil.rmtree(tmp_path / "site", ignore_errors=True)


def built(file: Path) -> subprocess.CompletedProcess[str]:
    # Not --quiet: what is not said is not counted, and a broken link would pass for a whole one.
    command = [MKDOCS, "build", "--strict", "--config-file", file]
    # Whatever would be fetched fails at once.
    env = {**os.environ, "HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)  # noqa: S603
