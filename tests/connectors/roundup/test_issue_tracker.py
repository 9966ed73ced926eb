"""Roundup as an issue tracker: what every one keeps."""

from __future__ import annotations

from tests.contracts.issue_tracker import IssueTrackerContract


class TestRoundupIsAnIssueTracker(IssueTrackerContract):
    open_word, closed_word = "in-progress", "resolved"
