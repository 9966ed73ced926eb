"""Redmine as an issue tracker: what every one keeps."""

from __future__ import annotations

from tests.contracts.issue_tracker import IssueTrackerContract
from tests.contracts.lost_answers import IssueMovesContract


class TestRedmineIsAnIssueTracker(IssueTrackerContract):
    open_word, closed_word = "In Progress", "Closed"
    has_private_comments = True


class TestRedmineMovesIssues(IssueMovesContract):
    closed_word = "Closed"
