"""What prefect.yaml declares: the deployments of this version."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from deployments.machine.shipped import shipped

PREFECT_YAML = shipped("prefect.yaml")


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


def declarations(file: Path = PREFECT_YAML) -> list[Declaration]:
    """The deployments that the file declares. Raises `ValidationError` naming the key that is not understood."""
    content: Mapping[str, Any] = yaml.safe_load(file.read_text())
    return [Declaration.model_validate(entry) for entry in content["deployments"]]
