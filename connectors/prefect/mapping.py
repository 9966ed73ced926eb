"""Prefect's flow runs as runs of an action.

State types: https://docs.prefect.io/v3/concepts/states. A state has a name of its own as well (`Late`, `AwaitingRetry`,
`AwaitingConcurrencySlot`, `Suspended`), which says to people why nothing happens yet.
"""

from __future__ import annotations

import re
from typing import Any

from connectors.kit.fields import record, text
from incidents.actions import ActionRun, ActionState
from incidents.errors import Unrecognised

MOST_WORDS = 300
_RUN_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_STATES = {
    "COMPLETED": ActionState.SUCCEEDED,
    "FAILED": ActionState.FAILED,
    "CRASHED": ActionState.FAILED,
    "CANCELLED": ActionState.FAILED,
    "SCHEDULED": ActionState.RUNNING,
    "PENDING": ActionState.RUNNING,
    "RUNNING": ActionState.RUNNING,
    "CANCELLING": ActionState.RUNNING,
    "PAUSED": ActionState.RUNNING,
}
# By Prefect's names for states, in the words of whoever waits for the remedy.
_MEANING = {
    "Late": "nothing has begun it yet; is its worker running?",
    "Pending": "its worker has taken it and prepares it",
    "AwaitingRetry": "it failed and will be tried again",
    "AwaitingConcurrencySlot": "it waits for a concurrency limit",
    "Paused": "it waits for a person to resume it in Prefect",
    "Suspended": "it waits for a person to resume it in Prefect",
    "Cancelling": "somebody is cancelling it",
    "Cancelled": "somebody cancelled it",
    "Crashed": "it crashed: what ran it went away, and what it had done by then is not known",
    "TimedOut": "it took longer than its flow allows",
}


def is_run_id(value: str) -> bool:
    """Whether this is an id of a flow run, which may stand in a path."""
    return _RUN_ID.fullmatch(value) is not None


def run_from(data: Any) -> ActionRun:
    """The run as it stands. Raises `Unrecognised` for an answer without a run's id or with a state nobody knows."""
    run = record(data)
    run_id, state = text(run.get("id")), record(run.get("state"))
    kind = text(state.get("type")) or text(run.get("state_type"))
    if not is_run_id(run_id):
        raise Unrecognised("the answer is no flow run")
    if kind not in _STATES:
        raise Unrecognised("the flow run has a state we do not know")
    return ActionRun(id=run_id, state=_STATES[kind], detail=_detail(state, kind))


def _detail(state: dict[str, Any], kind: str) -> str:
    name = text(state.get("name")) or kind.capitalize()
    if kind == "COMPLETED":
        return ""
    words = [name, _MEANING.get(name, ""), text(state.get("message"))]
    return ": ".join(filter(None, words))[:MOST_WORDS]
