"""The page `now`: what is open, what is next, and the same text until something happens."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from incidents.board.standing import Board, OpenIncident, UnwellConnection
from incidents.models import IncidentState, Severity, Stage
from tasks.pages.now import SHOWN, now_page
from tests.incidents.builders import NOW, a_policy, an_incident

MINUTE = timedelta(minutes=1)
STORIES = {"inc-7": UUID(int=7)}
HOSTILE = "<img src=x> [click](http://evil.example) *x*"


def shown(**changes: object) -> OpenIncident:
    state = changes.pop("state", IncidentState.ESCALATED)
    assert isinstance(state, IncidentState)
    due = {"next_stage": Stage.ESCALATION, "next_stage_at": NOW + 5 * MINUTE}
    return OpenIncident(incident=an_incident(state, **(due | changes)), tickets=2, customers=1)


def test_nothing_is_open():
    page = now_page(Board(at=NOW), a_policy(), {})
    assert page.startswith("# No open incidents")
    assert "Waits for a person" not in page


def test_what_is_open_and_next():
    unwell = UnwellConnection(name="slack/main", waiting=2, since=NOW, said="HTTP 503")
    board = Board(at=NOW, incidents=[shown(severity=Severity.CRITICAL)], parked=1, unwell=[unwell])
    page = now_page(board, a_policy(links={"gateway": "https://liaison.example"}), STORIES)
    assert page.startswith("# 1 open incident\n")
    assert "- **1** with engineers woken and nobody answering" in page
    assert "- **1** webhook that could not be read: `liaison parked`" in page
    assert "- **slack/main** does not take what we send: HTTP 503" in page
    assert f"## [INC-7](/artifacts/artifact/{STORIES['inc-7']}) " in page
    assert "with **nobody yet: engineers were paged**" in page
    assert f"- {NOW + 5 * MINUTE:%H:%M UTC}: the next in line are woken" in page
    assert "[the board](https://liaison.example/board/)" in page


def test_it_reads_the_same_until_something_happens():
    """Or each look would be another version of it."""
    board = Board(at=NOW, incidents=[shown()])
    assert now_page(board, a_policy(), {}) == now_page(replace(board, at=NOW + MINUTE), a_policy(), {})


def test_nothing_alive_of_a_strangers_making():
    board = Board(
        at=NOW, incidents=[shown(title=HOSTILE, owner=HOSTILE)], lately=[shown(title=HOSTILE).incident]
    )
    page = now_page(board, a_policy(), {})
    assert "](/artifacts/key/inc-7)" in page, "whose page nobody has seen yet has a link all the same"
    for alive in ("<img", "](http://evil", " *x*"):
        assert alive not in page


def test_many():
    board = Board(at=NOW, incidents=[shown()] * (SHOWN + 3))
    page = now_page(board, a_policy(), {})
    assert page.count("## [INC-7]") == SHOWN
    assert "and 3 less urgent ones" in page
