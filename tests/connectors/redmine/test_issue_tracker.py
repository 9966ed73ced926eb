"""Redmine as an issue tracker: what every one keeps."""

from __future__ import annotations

from tests.contracts.issue_tracker import IssueTrackerContract


class TestRedmineIsAnIssueTracker(IssueTrackerContract):
    open_word, closed_word = "In Progress", "Closed"
    has_private_comments = True
