"""Linear as an issue tracker: what every one keeps."""

from __future__ import annotations

from tests.contracts.issue_tracker import IssueTrackerContract
from tests.contracts.lost_answers import IssueMovesContract


class TestLinearIsAnIssueTracker(IssueTrackerContract):
    open_word, closed_word = "In Progress", "Done"


class TestLinearMovesIssues(IssueMovesContract):
    closed_word = "Done"
