"""What an operator says about a folder of `catalog-info.yaml` files."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, Field

NAME = r"[A-Za-z0-9]+(?:[-_.][A-Za-z0-9]+)*"


class CatalogFileSettings(BaseModel):
    """One folder, such as a git checkout that something else keeps up to date."""

    folder: Path = Field(description="The folder; it is searched with all that is below it.")
    file_names: list[str] = Field(
        default_factory=lambda: ["catalog-info.yaml", "catalog-info.yml"],
        min_length=1,
        description="Names of the files that are read.",
    )
    namespace: str = Field(
        default="default",
        pattern=f"^{NAME}$",
        description="The namespace of services and teams that are named without one.",
    )
    kinds: list[str] = Field(
        default_factory=lambda: ["Component", "System"],
        min_length=1,
        description="Kinds that count as services.",
    )
    fresh_seconds: float = Field(
        default=60, ge=0, description="How long the folder is not searched again for files that changed."
    )
