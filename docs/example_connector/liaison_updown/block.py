"""The settings, kept by Prefect: Liaison finds this class by the package's entry point."""

from __future__ import annotations

from prefect.blocks.core import Block

from liaison_updown.connector import UpDown
from liaison_updown.settings import UpDownSettings


class UpDownBlock(Block, UpDownSettings):
    """Whether a service is up, by a word in a file."""

    _block_type_name = "Liaison up or down"
    _block_type_slug = "updown"

    def connector(self, name: str) -> UpDown:
        """The connection called `name`."""
        return UpDown(name, UpDownSettings(folder=self.folder))
