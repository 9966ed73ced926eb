"""What declares a flow to Prefect: an entry under `deployments` of a prefect.yaml, ours or another package's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict


class DeclaredPool(BaseModel):
    """The work pool of a deployment."""

    model_config = ConfigDict(extra="forbid")
    name: str


class DeclaredSchedule(BaseModel):
    """A cron expression of five fields, and the zone whose wall clock it reads."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    cron: str
    timezone: str


class Declaration(BaseModel):
    """One entry of prefect.yaml; a key that only `prefect deploy` would honour is refused."""

    model_config = ConfigDict(extra="forbid")
    name: str
    entrypoint: str
    description: str
    tags: list[str] = []
    work_pool: DeclaredPool
    schedules: list[DeclaredSchedule] = []
    parameters: dict[str, Any] = {}


def read_declarations(text: str) -> list[Declaration]:
    """The deployments that the text of a prefect.yaml declares.

    Raises `ValidationError` naming the key that is not understood, `KeyError` where there are no deployments.
    """
    content: Mapping[str, Any] = yaml.safe_load(text)
    return [Declaration.model_validate(entry) for entry in content["deployments"]]
