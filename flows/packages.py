"""Flows of other packages: those that entry points of the group `liaison.flows` bring.

An entry point names a module of its package, beside which a `prefect.yaml` declares the flows as ours declares ours.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from typing import Any

from prefect.flows import Flow, load_flow_from_entrypoint

from flows.declaration import Declaration, read_declarations

GROUP = "liaison.flows"
FILE = "prefect.yaml"


@dataclass(frozen=True, kw_only=True, slots=True)
class PackageFlow:
    """A flow of another package, and how it is deployed."""

    declaration: Declaration
    flow: Flow[..., Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class PackageFlows:
    """`found`, by their names, and why others are left out, a line each."""

    found: Mapping[str, PackageFlow]
    left_out: Sequence[str]


def flows_of_packages(own: Collection[str], points: Iterable[EntryPoint] | None = None) -> PackageFlows:
    """What the installed packages bring; a broken one must not stop the rest.

    `own` are the names that are taken. `points` are those of the installed packages unless they are given.
    """
    found: dict[str, PackageFlow] = {}
    left_out: list[str] = []
    named = entry_points(group=GROUP) if points is None else points
    for point in sorted(named, key=lambda one: (one.name, one.value)):
        try:
            declared = read_declarations(files(import_module(point.value)).joinpath(FILE).read_text("utf-8"))
        except Exception as error:  # noqa: BLE001 - another package's: whatever is wrong with it, the others go on
            why = f"{point.value} has no {FILE} that can be read ({_words(error)})"
            left_out.append(f"the flows {point.name} of {_package(point)} are left out: {why}")
            continue
        for declaration in declared:
            one = _flow(declaration, own, found)
            if isinstance(one, str):
                left_out.append(f"the flow {declaration.name} of {_package(point)} is left out: {one}")
            else:
                found[declaration.name] = PackageFlow(declaration=declaration, flow=one)
    return PackageFlows(found=found, left_out=left_out)


def _flow(declaration: Declaration, own: Collection[str], found: Collection[str]) -> Flow[..., Any] | str:
    """The flow, or why there is none."""
    name, entrypoint = declaration.name, declaration.entrypoint
    if name in own or name in found:
        return "Liaison has one of this name itself" if name in own else "another one has this name"
    if ":" in entrypoint:
        return f"its entrypoint {entrypoint} is a file's; name a module, as in acme.flows.{name}"
    try:
        flow: Flow[..., Any] = load_flow_from_entrypoint(entrypoint, use_placeholder_flow=False)
    except Exception as error:  # noqa: BLE001 - another package's code: whatever it raises, the others go on
        return f"{entrypoint} cannot be imported ({_words(error)})"
    if flow.name != name:
        return f"the flow of {entrypoint} is called {flow.name}; let the deployment have the same name"
    return (
        flow if flow.isasync else f"{entrypoint} is not async, and would hold up every other run of a worker"
    )


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error)[:200]}"


def _package(point: EntryPoint) -> str:
    return "an unknown package" if point.dist is None else f"{point.dist.name} {point.dist.version}"
