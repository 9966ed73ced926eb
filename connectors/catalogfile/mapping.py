"""Backstage's entities as services: references, owners, and what stands on what.

The format: https://backstage.io/docs/features/software-catalog/descriptor-format (kinds, `spec.owner`,
`spec.dependsOn`, `spec.dependencyOf`, `spec.providesApis`, `spec.consumesApis`) and `.../references`
(`[kind:][namespace/]name`, compared without regard to capitals).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.catalogfile.settings import NAME
from connectors.kit.fields import items, record, text
from incidents.service_catalog.services import CatalogService

_REFERENCE = re.compile(rf"(?:(?P<kind>[A-Za-z]{{1,63}}):)?(?:(?P<namespace>{NAME})/)?(?P<name>{NAME})")

_DEFAULT = "default"
"""The namespace of an entity that names none."""


@dataclass(frozen=True, order=True, slots=True)
class EntityRef:
    """Which entity, in small letters."""

    kind: str
    namespace: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Entity:
    """One document. `place` is its file and line."""

    ref: EntityRef
    name: str
    title: str
    spec: Mapping[str, Any]
    place: str

    def refs(self, key: str, *, kind: str, namespace: str) -> list[EntityRef]:
        """The entities that a list of the spec names; what is no reference names none."""
        found = (reference(one, kind=kind, namespace=namespace) for one in items(self.spec.get(key)))
        return [one for one in found if one is not None]


def reference(value: Any, *, kind: str, namespace: str) -> EntityRef | None:
    """A reference with its defaults; None for what is none."""
    match = _REFERENCE.fullmatch(text(value).strip()[:200])
    if match is None:
        return None
    parts = (match["kind"] or kind, match["namespace"] or namespace, match["name"])
    return EntityRef(*(part.lower() for part in parts))


def entity_from(document: Any, *, place: str) -> Entity | str:
    """The entity, or why the document is none."""
    top = record(document)
    metadata = record(top.get("metadata"))
    kind, name = text(top.get("kind")), text(metadata.get("name"))
    if not text(top.get("apiVersion")) or not kind or not name:
        missing = next(
            key
            for key, has in (("apiVersion", top.get("apiVersion")), ("kind", kind), ("metadata.name", name))
            if not has
        )
        return f"no entity: {missing} is missing"
    own = metadata.get("namespace")
    ref = reference(name, kind=kind, namespace=_DEFAULT if own is None else text(own))
    if ref is None or ":" in name or "/" in name:
        return f"metadata.name {name[:80]!r} is no name; use letters, digits, - _ and ."
    return Entity(
        ref=ref, name=name, title=text(metadata.get("title")), spec=record(top.get("spec")), place=place
    )


class ServiceGraph:
    """Who owns what and what needs what, over all entities."""

    def __init__(self, entities: Iterable[Entity], *, kinds: Iterable[str], namespace: str) -> None:
        self._namespace = namespace.lower()
        self._kinds = [kind.lower() for kind in kinds]
        self._entities = {entity.ref: entity for entity in entities}
        self._needs: dict[EntityRef, set[EntityRef]] = {}
        providers: dict[EntityRef, set[EntityRef]] = {}
        for entity in self._entities.values():
            for api in self._refs(entity, "providesApis", "api"):
                providers.setdefault(api, set()).add(entity.ref)
        for entity in self._entities.values():
            needs = self._needs.setdefault(entity.ref, set())
            needs.update(self._refs(entity, "dependsOn", "component"))
            for other in self._refs(entity, "dependencyOf", "component"):
                self._needs.setdefault(other, set()).add(entity.ref)
            for api in self._refs(entity, "consumesApis", "api"):
                needs.update(providers.get(api, ()))

    def find(self, service: str) -> Entity | None:
        """By name, or by reference; of several kinds the one that is named first counts."""
        for kind in self._kinds:
            ref = reference(service, kind=kind, namespace=self._namespace)
            if ref is not None and ref.kind in self._kinds and ref in self._entities:
                return self._entities[ref]
        return None

    def services(self) -> list[CatalogService]:
        """All entities of the kinds that count, by name; of two with one name the one that `find` gives."""
        named = {
            self._called(entity.ref): entity
            for entity in self._entities.values()
            if entity.ref.kind in self._kinds
        }
        found = [(name, self.find(name)) for name in sorted(named)]
        return [self.service(entity) for _, entity in found if entity is not None]

    def service(self, entity: Entity) -> CatalogService:
        """The entity in our words."""
        owner = reference(entity.spec.get("owner"), kind="group", namespace=entity.ref.namespace)
        needs = self._needs.get(entity.ref, set()) - {entity.ref}
        return CatalogService(
            name=self._called(entity.ref),
            title=entity.title or entity.name,
            owner="" if owner is None else self._owner(owner),
            depends_on=tuple(sorted({self._called(need) for need in needs})),
        )

    def _owner(self, owner: EntityRef) -> str:
        """A person is told from a team."""
        name = self._called(owner)
        return name if owner.kind == "group" else f"{owner.kind}:{name}"

    def _called(self, ref: EntityRef) -> str:
        return ref.name if ref.namespace == self._namespace else f"{ref.namespace}/{ref.name}"

    @staticmethod
    def _refs(entity: Entity, key: str, kind: str) -> list[EntityRef]:
        return entity.refs(key, kind=kind, namespace=entity.ref.namespace)
