"""A connector, with what is in its fake and how it is reached there. Its own pace is not what is measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import httpx
from pydantic import BaseModel
from starlette.types import ASGIApp

from bench.connectors.served import Facts
from incidents.ports import Connector

PLENTY = 10**6
SECRETS = ["the-signing-secret-of-a-measurement"]
SERVICE = "checkout"
Made = tuple[ASGIApp, Facts]
Values = Callable[[str, Facts], Mapping[str, Any]]
Settings = TypeVar("Settings", bound=BaseModel)
Settings_contra = TypeVar("Settings_contra", bound=BaseModel, contravariant=True)


class MakesConnector(Protocol[Settings_contra]):
    """A connector's class."""

    def __call__(
        self, name: str, settings: Settings_contra, *, transport: httpx.AsyncBaseTransport | None
    ) -> Connector: ...


@dataclass(frozen=True, kw_only=True)
class World:
    """`make` makes the fake, in a process of its own; `connect` reaches it at the address it is served at.

    Where a connector's pace is no setting, so few rounds (`most_rounds`), or such a rest between two (`rest`, in
    seconds), that it never has to wait.
    """

    vendor: str
    make: Callable[[], Made]
    connect: Callable[[str, Facts, httpx.AsyncBaseTransport | None], Connector]
    most_rounds: int = 10_000
    rest: float = 0.0


def world(
    vendor: str,
    make: Callable[[], Made],
    connector: MakesConnector[Settings],
    settings: type[Settings],
    values: Values,
    *,
    most_rounds: int = 10_000,
    rest: float = 0.0,
) -> World:
    """`values` are the settings, by the address and the facts."""

    def connect(address: str, facts: Facts, transport: httpx.AsyncBaseTransport | None) -> Connector:
        known = settings.model_validate(values(address, facts))
        return connector(f"{vendor}/bench", known, transport=transport)

    return World(vendor=vendor, make=make, connect=connect, most_rounds=most_rounds, rest=rest)
