"""Jira as an issue tracker, Cloud and Data Center: what every one keeps."""

from __future__ import annotations

from tests.contracts.issue_tracker import IssueTrackerContract
from tests.contracts.lost_answers import IssueMovesContract


class TestJiraIsAnIssueTracker(IssueTrackerContract):
    open_word, closed_word = "In Progress", "Done"
    unknown_word = "Blocked"
    has_private_comments = True


class TestJiraMovesIssues(IssueMovesContract):
    closed_word = "Done"
