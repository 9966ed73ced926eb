"""Whatever JSON GitLab answers with, the connector fails with our errors only, never an `AttributeError`."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.gitlab import GitLab
from tests.connectors.gitlab import conftest as gitlab
from tests.connectors.strange_answers import Scripted, tracker_calls, use

pytestmark = pytest.mark.usefixtures("no_repeats")

WORDS = """id username iid title state updated_at web_url description body author system internal moved_to_id visibility
permissions project_access access_level issues_events note_events alert_status archived""".split()  # noqa: SIM905
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-1, 30)
    | st.sampled_from(("", "1", "closed", "private", "disabled", "2026-03-02T13:00:00Z"))
)
ANYTHING = st.recursive(
    LEAVES,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.sampled_from(WORDS), part, max_size=8),
    max_leaves=20,
)
REPLIES = st.lists(ANYTHING, min_size=1, max_size=5)
CALLS = tracker_calls("1", over="closed")


@pytest.mark.parametrize("internal", [True, False])
@pytest.mark.parametrize("call", CALLS)
@settings(deadline=None, max_examples=40)
@given(replies=REPLIES)
def test_gitlab(call: str, internal: bool, replies: list[Any]) -> None:
    tracker = GitLab(
        "gitlab/a",
        gitlab.settings(may_be_public=True, internal_notes=internal),
        transport=Scripted(replies),
    )
    use(tracker, CALLS[call])
