"""Whatever JSON GitHub answers with, the connector fails with our errors only, never an `AttributeError`."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.github import GitHub
from tests.connectors.github import conftest as github
from tests.connectors.strange_answers import Scripted, tracker_calls, use

pytestmark = pytest.mark.usefixtures("no_repeats")

WORDS = """login number title state state_reason updated_at html_url body user pull_request private has_issues events
active message""".split()  # noqa: SIM905
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-1, 3)
    | st.sampled_from(("", "1", "liaison-bot", "closed", "issues", "2026-03-02T13:00:00Z"))
)
ANYTHING = st.recursive(
    LEAVES,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.sampled_from(WORDS), part, max_size=8),
    max_leaves=20,
)
REPLIES = st.lists(ANYTHING, min_size=1, max_size=5)
CALLS = tracker_calls("1", over="closed")


@pytest.mark.parametrize("call", CALLS)
@settings(deadline=None, max_examples=40)
@given(replies=REPLIES)
def test_github(call: str, replies: list[Any]) -> None:
    tracker = GitHub("github/a", github.settings(may_be_public=True), transport=Scripted(replies))
    use(tracker, CALLS[call])
