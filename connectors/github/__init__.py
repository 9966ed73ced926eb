"""GitHub's issues of one repository, for the lasting fix."""

from connectors.github.connector import GitHub
from connectors.github.settings import GitHubSettings

__all__ = ["GitHub", "GitHubSettings"]
