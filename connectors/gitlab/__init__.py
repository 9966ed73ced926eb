"""GitLab's issues of one project, for the lasting fix."""

from connectors.gitlab.connector import GitLab
from connectors.gitlab.settings import GitLabSettings

__all__ = ["GitLab", "GitLabSettings"]
