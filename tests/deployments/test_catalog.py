"""The policy beside a catalogue: from a saved block to what `liaison check` says of them, and to YAML."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from blocks.catalogfile import CatalogFileBlock
from deployments.commands.catalog import compared, import_catalog, print_remarks
from incidents.errors import NotFound
from incidents.policy.file import load_policy

NAME = "catalog-test"
ENTITY = "apiVersion: b/v1\nkind: Component\nmetadata: {{name: {name}}}\nspec: {{owner: {owner}}}\n"


@pytest.fixture
async def catalog(here: ExitStack, policy: Path, tmp_path: Path) -> AsyncIterator[str]:
    """A catalogue of the policy's services, all of them another team's, and its connection saved in Prefect."""
    names = load_policy(policy).services
    (tmp_path / "catalog-info.yaml").write_text(
        "---\n".join(ENTITY.format(name=name, owner="others") for name in [*names, "new-one"])
    )
    await CatalogFileBlock(folder=tmp_path).save(NAME, overwrite=True)
    yield f"catalogfile/{NAME}"
    await CatalogFileBlock.adelete(NAME)


async def test_from_the_connection_to_what_differs(catalog: str, policy: Path):
    known = load_policy(policy)
    said = (await compared(known, catalog)).splitlines()
    for name in known.services:
        assert any(line.startswith(f"service {name}: the policy's team is") for line in said)
    with pytest.raises(NotFound, match="save a catalogfile block"):
        await compared(known, "catalogfile/nowhere")


async def test_from_the_connection_to_the_policys_sections(catalog: str, policy: Path):
    """What it prints is a section, what to look at is told; neither side is changed."""
    before = load_policy(policy)
    sections = await import_catalog(catalog, policy)
    assert "new-one:" in sections.text
    console = Console(file=StringIO(), width=200)
    print_remarks(console, sections)
    assert "team others is new" in console.file.getvalue()  # type: ignore[attr-defined]
    assert load_policy(policy) == before
