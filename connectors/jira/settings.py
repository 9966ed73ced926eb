"""What an operator tells us about one project of a Jira."""

from __future__ import annotations

from pydantic import Field

from connectors.kit.atlassian.site import AtlassianSettings


class JiraSettings(AtlassianSettings):
    """One project in which issues for the lasting fix are opened."""

    project: str = Field(
        pattern=r"^[A-Z][A-Z0-9_]{1,30}$",
        description="Key of the project in which issues are opened, such as SHOP.",
    )
    issue_type: str = Field(
        default="Bug",
        pattern=r"^[^\x00-\x1f]{1,60}$",
        description="Name of the type of the issues we open, as the project has it.",
    )
    priority: str = Field(
        default="",
        pattern=r"^[^\x00-\x1f]{0,60}$",
        description="Name of the priority of the issues we open; empty: the project's own.",
    )
    labels: tuple[str, ...] = Field(
        default=(), description="Labels of the issues we open, beside the one by which we find them again."
    )
    comments_for: str = Field(
        default="",
        pattern=r"^[^\x00-\x1f]{0,250}$",
        description="Project role that may read our comments, such as Developers; empty: whoever sees the issue.",
    )
