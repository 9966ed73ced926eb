"""GitHub as an issue tracker: what every one keeps."""

from __future__ import annotations

from tests.contracts.issue_tracker import IssueTrackerContract
from tests.contracts.lost_answers import IssueMovesContract


class TestGitHubIsAnIssueTracker(IssueTrackerContract):
    open_word, closed_word = "open", "closed"
    unknown_word = "in progress"


class TestGitHubMovesIssues(IssueMovesContract):
    closed_word = "closed"
