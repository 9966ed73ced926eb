"""Matrix' settings, kept by Prefect."""

from __future__ import annotations

from typing import ClassVar

from prefect.blocks.core import Block
from pydantic import HttpUrl

from connectors.matrix import Matrix, MatrixSettings


class MatrixBlock(Block, MatrixSettings):
    """An account on a Matrix homeserver: a room for every incident, commands and reactions back.

    Example:
        ```python
        from blocks.matrix import MatrixBlock

        block = MatrixBlock.load("BLOCK_NAME")
        chat = block.connector("matrix/engineering")
        ```
    """

    _block_type_name: ClassVar[str | None] = "Liaison Matrix"
    _block_type_slug: ClassVar[str | None] = "matrix"
    _logo_url: ClassVar[HttpUrl | None] = HttpUrl("https://github.com/matrix-org.png")
    _documentation_url: ClassVar[HttpUrl | None] = HttpUrl("https://spec.matrix.org/v1.16/client-server-api/")

    def connector(self, name: str) -> Matrix:
        """The homeserver's rooms for engineers and agents, ready to use; nothing is sent yet."""
        return Matrix(name, self)
