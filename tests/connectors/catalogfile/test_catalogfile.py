"""Services out of files: the contract, references, broken files named with their line, and the policy beside them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from connectors.catalogfile import CatalogFile, CatalogFileSettings
from connectors.catalogfile.files import CatalogFolder
from incidents.errors import NotFound, Refused
from tests.contracts.service_catalog import ServiceCatalogContract

CHECKOUT = """\
# The checkout and what belongs to it
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: checkout
  title: Checkout
spec:
  type: service
  lifecycle: production
  owner: payments
  dependsOn: [component:accounts, resource:default/orders-db, resource:missing.in/action]
  consumesApis: [tax-api, nobodys-api]
---
---
apiVersion: backstage.io/v1alpha1
kind: Resource
metadata: {name: orders-db}
spec: {type: database, owner: group:default/platform}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: ada}
spec: {memberOf: [payments]}
"""
REST = """\
apiVersion: backstage.io/v1alpha1
kind: component
metadata: {name: Tax, annotations: &a {x: y}, labels: *a}
spec: {type: service, owner: "Group:money/Taxes", providesApis: ["api:TAX-api"], dependsOn: ["Component:Checkout"]}
---
apiVersion: backstage.io/v1alpha1
kind: System
metadata: {name: accounts, title: Customer accounts}
spec: {owner: Platform}
---
apiVersion: backstage.io/v1alpha1
kind: Resource
metadata: {name: accounts-db}
spec: {type: database, owner: platform, dependencyOf: [system:accounts]}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: search}
spec: {type: website, owner: user:ada, dependsOn: [search, 7, null, "not a reference!"]}
"""


def write(folder: Path, files: dict[str, str | bytes]) -> CatalogFile:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return opened(folder)


def opened(folder: Path, **settings: Any) -> CatalogFile:
    return CatalogFile(
        "catalogfile/main",
        CatalogFileSettings.model_validate({"folder": folder, **settings, "fresh_seconds": 0}),
    )


def component(name: str, spec: str = "{owner: payments}", **metadata: str) -> str:
    more = "".join(f", {key}: {value}" for key, value in metadata.items())
    return f"apiVersion: b/v1\nkind: Component\nmetadata: {{name: {name}{more}}}\nspec: {spec}\n"


class TestCatalogFile(ServiceCatalogContract):
    @pytest.fixture
    def catalog(self, tmp_path: Path) -> CatalogFile:
        # As of a default dependency's kind: what is needed is a system here.
        checkout = CHECKOUT.replace("component:accounts", "system:accounts").replace(
            ", resource:missing.in/action", ""
        )
        return write(tmp_path, {"shop/checkout/catalog-info.yaml": checkout, "catalog-info.yml": REST})

    @pytest.fixture
    def blind(self, tmp_path: Path) -> CatalogFile:
        return opened(tmp_path / "nowhere")


async def test_what_is_depended_on_need_not_be_in_the_catalogue(tmp_path: Path):
    """It is told by its name, and of another namespace by both."""
    catalog = write(tmp_path, {"catalog-info.yaml": CHECKOUT})
    assert await catalog.dependencies("checkout") == ("accounts", "missing.in/action", "orders-db")


async def test_a_service_is_found_by_reference_and_kind_and_namespace(tmp_path: Path):
    files = component("mail") + "---\n" + component("mail", "{owner: eu-team}", namespace="eu")
    catalog = write(tmp_path, {"catalog-info.yaml": files})
    for name, owner in {
        "mail": "payments",
        "EU/Mail": "eu/eu-team",
        "component:eu/mail": "eu/eu-team",
    }.items():
        assert await catalog.owner(name) == owner
    with pytest.raises(NotFound):
        await catalog.owner("resource:mail")
    in_eu = opened(tmp_path, namespace="eu")
    assert [service.name for service in await in_eu.services()] == ["default/mail", "mail"]
    assert await in_eu.owner("mail") == "eu-team"


async def test_of_two_kinds_with_one_name_the_one_named_first_counts(tmp_path: Path):
    system = component("pay", "{owner: other}").replace("kind: Component", "kind: System")
    catalog = write(tmp_path, {"catalog-info.yaml": f"{system}---\n{component('pay')}"})
    assert [service.owner for service in await catalog.services()] == ["payments"]
    assert await opened(tmp_path, kinds=["System", "Component"]).owner("pay") == "other"


BROKEN: dict[str, tuple[str | bytes, str]] = {
    "a colon": (
        component("good") + "---\nkind: x: y\n",
        ":6: not YAML (mapping values are not allowed here)",
    ),
    "a tab": ("kind:\n\t- x\n", ":2: not YAML"),
    "no kind": (
        component("good") + "---\napiVersion: x\nmetadata: {name: a}\n",
        ":6: no entity: kind is missing",
    ),
    "no apiVersion": ("kind: Component\nmetadata: {name: a}\n", ":1: no entity: apiVersion is missing"),
    "no name": ("apiVersion: x\nkind: Component\nmetadata: []\n", ":1: no entity: metadata.name is missing"),
    "a name with a slash": (component("a/b"), "'a/b' is no name"),
    "a list": ("- a\n- b\n", ":1: no entity: apiVersion is missing"),
    "a text": ("just words\n", ":1: no entity"),
    "an object": ("!!python/object/apply:os.getcwd []\n", ":1: not YAML (could not determine a constructor"),
    "twice": (
        component("good") + "---\n" + component("GOOD"),
        "component:default/good is at catalog-info.yaml:1 already",
    ),
    "not UTF-8": (b"kind: \xff\n", ": not UTF-8"),
    "a NUL": (b"kind: \x00\n", ": not YAML (ReaderError)"),
    "a day that is none": (component("a", "{owner: payments, on: 2026-99-99}"), ": not YAML (ValueError)"),
    "too big": ("# " + "x" * 1_000_000, ": over 1000000 bytes"),
}


@pytest.mark.parametrize("what", BROKEN)
async def test_a_broken_file_is_named_with_its_line_and_costs_only_itself(tmp_path: Path, what: str):
    content, words = BROKEN[what]
    catalog = write(tmp_path, {"catalog-info.yaml": content, "z/catalog-info.yaml": component("other")})
    said = await catalog.check()
    assert f"catalog-info.yaml{words}" in said or words in said
    names = [service.name for service in await catalog.services()]
    assert names == [*(["good"] if "good" in str(content) else []), "other"]
    with pytest.raises(NotFound, match="1 entries could not be read"):
        await catalog.owner("nothing")


async def test_a_document_that_would_be_huge_when_written_out_costs_nothing(tmp_path: Path):
    """Aliases of aliases, thirty deep, are a billion items; nobody goes through them."""
    lists = "\n".join(f"  - &a{number} [*a{number - 1}, *a{number - 1}]" for number in range(1, 31))
    catalog = write(tmp_path, {"catalog-info.yaml": f"x:\n  - &a0 [y]\n{lists}\n{component('good')}"})
    assert await catalog.owner("good") == "payments"


async def test_only_files_that_changed_are_parsed_and_gone_ones_are_forgotten(tmp_path: Path):
    catalog = write(tmp_path, {"catalog-info.yaml": component("a"), "b/catalog-info.yaml": component("b")})
    assert [service.name for service in await catalog.services()] == ["a", "b"]
    write(tmp_path, {"catalog-info.yaml": component("a", "{owner: others}")})
    os.unlink(tmp_path / "b/catalog-info.yaml")  # noqa: PTH108 - no blocking method of a path in an async test
    assert [(service.name, service.owner) for service in await catalog.services()] == [("a", "others")]


async def test_the_folder_is_not_searched_again_for_a_while(tmp_path: Path):
    now = [0.0]
    write(tmp_path, {"catalog-info.yaml": component("a")})
    settings = CatalogFileSettings(folder=tmp_path)
    catalog = CatalogFile("catalogfile/main", settings, clock=lambda: now[0])
    assert len(await catalog.services()) == 1
    write(tmp_path, {"b/catalog-info.yaml": component("b")})
    now[0] = 59.0
    assert len(await catalog.services()) == 1
    now[0] = 61.0
    assert len(await catalog.services()) == 2


async def test_what_is_not_searched(tmp_path: Path):
    """What a checkout brings along, other files, and links that may lead round or out."""
    (tmp_path / "out").mkdir()
    write(tmp_path / "out", {"catalog-info.yaml": component("outside")})
    inside = tmp_path / "in"
    catalog = write(
        inside,
        {
            "catalog-info.yaml": component("a"),
            ".git/catalog-info.yaml": component("b"),
            "x/node_modules/y/catalog-info.yaml": component("c"),
            "d/other.yaml": component("d"),
        },
    )
    os.symlink(tmp_path / "out", inside / "link")  # noqa: PTH211
    os.symlink(inside, inside / "round")  # noqa: PTH211
    assert [service.name for service in await catalog.services()] == ["a"]
    assert [one.name for one in await opened(inside, file_names=["other.yaml"]).services()] == ["d"]


def test_too_many_files(tmp_path: Path):
    write(tmp_path, {"catalog-info.yaml": component("a"), "b/catalog-info.yaml": component("b")})
    with pytest.raises(Refused, match="smaller folder"):
        CatalogFolder(CatalogFileSettings(folder=tmp_path), most_files=1).read()
