"""Whatever JSON Linear answers with, the connector fails with our errors only, never an `AttributeError`."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.linear import LinearIssues
from connectors.linear.fake.records import BOT, TEAM, made_id
from tests.connectors.linear import conftest as linear
from tests.connectors.strange_answers import Scripted, tracker_calls, use

pytestmark = pytest.mark.usefixtures("no_repeats")

OWN = made_id(BOT)
WORDS = """id identifier previousIdentifiers title url updatedAt trashed state type name team key creator user viewer
organization teams nodes states position issue issues issueCreate comment commentCreate issueUpdate pageInfo hasNextPage
endCursor success webhooks resourceTypes displayName""".split()  # noqa: SIM905
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-1, 30)
    | st.sampled_from(("", "ENG-1", "Done", OWN, TEAM, "2026-03-02T13:00:00Z"))
)
ANYTHING = st.recursive(
    LEAVES,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.sampled_from(WORDS), part, max_size=8),
    max_leaves=20,
)
CODES = st.sampled_from(("INPUT_ERROR", "RATELIMITED", "FORBIDDEN", "", "ELSE"))
ERRORS = st.lists(
    st.fixed_dictionaries({"extensions": st.fixed_dictionaries({"code": CODES}) | LEAVES}) | ANYTHING,
    max_size=2,
)
ISSUE = {
    "id": "x",
    "identifier": "ENG-1",
    "updatedAt": "2026-03-02T13:00:00Z",
    "team": {"key": TEAM},
    "creator": {"id": OWN},
}
TEAMS = {"nodes": [{"id": "t", "key": TEAM, "states": {"nodes": [{"id": "s", "name": "Done"}]}}]}
SOUND = st.just({"data": {"viewer": {"id": OWN}, "issue": ISSUE, "teams": TEAMS}})
REPLIES = st.lists(
    SOUND
    | ANYTHING
    | st.fixed_dictionaries({"data": ANYTHING})
    | st.fixed_dictionaries({"data": ANYTHING, "errors": ERRORS | ANYTHING}),
    min_size=1,
    max_size=6,
)
CALLS = tracker_calls("ENG-1", over="Done")


@pytest.mark.parametrize("call", CALLS)
@settings(deadline=None, max_examples=60)
@given(replies=REPLIES)
def test_linear(call: str, replies: list[Any]) -> None:
    use(LinearIssues("linear/a", linear.settings(), transport=Scripted(replies)), CALLS[call])
