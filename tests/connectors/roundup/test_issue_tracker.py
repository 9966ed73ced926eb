"""Roundup as an issue tracker: what every one keeps."""

from __future__ import annotations

from tests.contracts.issue_tracker import IssueTrackerContract
from tests.contracts.lost_answers import IssueMovesContract


class TestRoundupIsAnIssueTracker(IssueTrackerContract):
    open_word, closed_word = "in-progress", "resolved"


class TestRoundupMovesIssues(IssueMovesContract):
    closed_word = "resolved"
