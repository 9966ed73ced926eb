"""GitLab as an issue tracker: what every one keeps."""

from __future__ import annotations

from tests.contracts.issue_tracker import IssueTrackerContract
from tests.contracts.lost_answers import IssueMovesContract


class TestGitLabIsAnIssueTracker(IssueTrackerContract):
    open_word, closed_word = "opened", "closed"
    unknown_word = "in progress"
    has_private_comments = True


class TestGitLabMovesIssues(IssueMovesContract):
    closed_word = "closed"
