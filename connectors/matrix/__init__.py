"""Matrix: a room for every incident on the team's own homeserver, commands and reactions back."""

from connectors.matrix.connector import Matrix
from connectors.matrix.settings import MatrixSettings

__all__ = ["Matrix", "MatrixSettings"]
