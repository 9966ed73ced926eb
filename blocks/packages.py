"""Connectors of other packages: the blocks that entry points of the group `liaison.connectors` name."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from importlib.metadata import EntryPoint, entry_points

from prefect.blocks.core import Block

GROUP = "liaison.connectors"
_VENDOR = re.compile(r"[a-z][a-z0-9-]{0,40}")


def blocks_of_packages(
    own: Collection[str], kinds: tuple[type, ...], points: Iterable[EntryPoint] | None = None
) -> tuple[dict[str, type[Block]], dict[str, str]]:
    """The blocks by their vendors' names, and why others are left out: a broken package must not stop the rest.

    `own` are the names that are taken; a block keeps one of `kinds`, by which connectors are made. `points` are those
    of the installed packages unless they are given.
    """
    found: dict[str, type[Block]] = {}
    left_out: dict[str, str] = {}
    named = entry_points(group=GROUP) if points is None else points
    for point in sorted(named, key=lambda one: (one.name, one.value)):
        why = _taken(point, own, found)
        if why is None:
            block = _block(point, kinds)
            if isinstance(block, str):
                why = block
            else:
                found[point.name] = block
        if why is not None:
            left_out.setdefault(
                point.name, f"the connector {point.name} of {_package(point)} is left out: {why}"
            )
    return found, {name: why for name, why in left_out.items() if name not in found and name not in own}


def _taken(point: EntryPoint, own: Collection[str], found: Collection[str]) -> str | None:
    if _VENDOR.fullmatch(point.name) is None:
        return "its name must be small letters, digits and dashes, as it stands in a connection's name"
    if point.name in own:
        return "Liaison has one of this name itself"
    return "another package has one of this name" if point.name in found else None


def _block(point: EntryPoint, kinds: tuple[type, ...]) -> type[Block] | str:
    try:
        block = point.load()
    except Exception as error:  # noqa: BLE001 - another package's code: whatever it raises, the others go on
        return f"{point.value} cannot be imported ({type(error).__name__}: {str(error)[:200]})"
    if not isinstance(block, type) or not issubclass(block, Block):
        return f"{point.value} is no Prefect block"
    if block.get_block_type_slug() != point.name:
        return f"{point.value} must have _block_type_slug = {point.name!r}"
    if not issubclass(block, kinds):
        return f"{point.value} has no method connector(name)"
    return block


def _package(point: EntryPoint) -> str:
    return "an unknown package" if point.dist is None else f"{point.dist.name} {point.dist.version}"
