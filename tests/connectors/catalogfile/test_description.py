"""What we read is what Backstage's own description of its catalogue calls an entity."""

from __future__ import annotations

import json

import pytest

from connectors.catalogfile.mapping import Entity, entity_from
from tests.shared_folder import shared_path

pytestmark = pytest.mark.shared


def test_an_entity_needs_what_the_description_requires():
    """And each of it alone is missed by its name."""
    described = json.loads(shared_path("specs/backstage/catalog-openapi.json").read_text("utf-8"))
    schemas = described["components"]["schemas"]
    assert set(schemas["Entity"]["required"]) == {"metadata", "kind", "apiVersion"}
    assert schemas["EntityMeta"]["required"] == ["name"]
    assert {"namespace", "title", "name"} <= set(schemas["EntityMeta"]["properties"])
    whole = {"apiVersion": "backstage.io/v1alpha1", "kind": "Component", "metadata": {"name": "a"}}
    assert isinstance(entity_from(whole, place="x:1"), Entity)
    for key in schemas["Entity"]["required"]:
        missed = entity_from({k: v for k, v in whole.items() if k != key}, place="x:1")
        assert isinstance(missed, str)
        assert key in missed
