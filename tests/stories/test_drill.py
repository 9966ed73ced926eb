"""`liaison drill`, as somebody plays it who wants to know: scored, and nothing of it left."""

from __future__ import annotations

from pathlib import Path

from tests.stories.test_demo import played_verb, scratch

__all__ = ["scratch"]


async def test_a_pager_that_is_down_pages_once_when_it_is_back(scratch: Path):
    """All the way: paged, taken, mended, everybody told once, no promise broken; exit code 0."""
    result = await played_verb(scratch, "drill", "pager-down", "--page-within", "200")
    measures = result["measures"]
    assert {name: one["passed"] for name, one in measures.items()} == dict.fromkeys(measures, True)
    assert (measures["pages"]["value"], measures["customers_told"]["value"]) == (1, 12)
    assert measures["seconds_to_page"]["value"] > 0
    assert result["promises_kept"] > 0
    assert (result["as_told"], result["ok"]) == (True, True)


async def test_a_goal_that_is_not_reached_fails_it(scratch: Path):
    """Nobody pages within no time at all."""
    result = await played_verb(scratch, "drill", "helpdesk-storm", "--page-within", "0", exit_code=1)
    failed = [name for name, one in result["measures"].items() if not one["passed"]]
    assert failed == ["seconds_to_page"]
    assert (result["as_told"], result["ok"]) == (True, False)
