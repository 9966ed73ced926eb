"""What an operator says once."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, Field


class UpDownSettings(BaseModel):
    """A folder with a file for each service, in which stands `up` or `down`."""

    folder: Path = Field(description="The folder, as the worker sees it.")
