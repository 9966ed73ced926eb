"""Linear's issues of one team, for the lasting fix."""

from connectors.linear.connector import LinearIssues
from connectors.linear.settings import LinearSettings

__all__ = ["LinearIssues", "LinearSettings"]
