"""What a run says of its end: a green one what came of it, a red one what failed, whom it concerns and what to do.

Prefect's UI shows a run's state message under Details, and its name everywhere, so both are set. What is raised to
who called the flow is what the flow raised.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import wraps
from typing import Any, ParamSpec, cast, get_type_hints

from prefect import Flow
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from flows.names import rename_run, renamed
from incidents.errors import (
    Busy,
    LiaisonError,
    NotAllowed,
    NotFound,
    PolicyError,
    Refused,
    Stale,
    StoreFault,
    Unknown,
    Unreachable,
)
from incidents.texts.plain_text import cut, one_line
from tasks.resources import NotConfigured
from tasks.retries import Postponed
from tasks.without_prefect import is_without_prefect, run_logger

Parameters = ParamSpec("Parameters")

_LONGEST_CAUSE = 300
_LONGEST_IN_NAME = 70
_LONGEST_NAME = 150
_PATIENCE = 5.0
"""Seconds that a failed run waits for its name at most."""

BY_ITSELF = "It is tried again by itself, within five minutes"
_CURES: Sequence[tuple[type[Exception], str]] = (
    (PolicyError, "Correct the policy there."),
    (NotConfigured, "Give the worker that setting, and start it anew."),
    (
        NotAllowed,
        "Put a valid token into its block (Blocks in the side menu); `liaison check` says whether it is.",
    ),
    (NotFound, "Look whether the name is right, and whether it is still there."),
    (
        Refused,
        "It will be refused again: see what the message says, and `liaison held` for what did not go out.",
    ),
    (Stale, f"Somebody else was quicker. {BY_ITSELF}."),
    (StoreFault, f"{BY_ITSELF}; if it stays, look at PostgreSQL: its log, its disk."),
    (Busy, f"{BY_ITSELF}; if it stays, we ask more than that account allows."),
    (Unreachable, f"{BY_ITSELF}; if it stays, `liaison check` says who does not answer."),
    (
        Unknown,
        f"{BY_ITSELF}, after a look whether it was done; messages to customers wait in `liaison held`.",
    ),
    (Postponed, f"{BY_ITSELF}; `liaison held` lists what waits for a person."),
    (LiaisonError, "See the run's log."),
)
"""By what an error says that is to be done next (`incidents.errors`); the first that fits."""
DEFECT = "It is a defect of ours: its log has where; `liaison doctor` makes a bundle for whoever mends it."


def failure_line(what: str, error: Exception, concerns: str) -> str:
    """`escalation INC-7 checkout failed: pagerduty/main: HTTP 503. INC-7: engineers may not be woken. It is ...`

    Words of errors that are not ours are left to the log: nobody knows whose they are.
    """
    return f"{what} failed: {_cause(error, _LONGEST_CAUSE).rstrip('.')}. {concerns} {what_to_do(error)}"


def what_to_do(error: Exception) -> str:
    """For whoever finds the red run."""
    return next((cure for kind, cure in _CURES if isinstance(error, kind)), DEFECT)


def _cause(error: Exception, longest: int) -> str:
    is_ours = isinstance(error, (LiaisonError, Postponed))
    words = " ".join(str(error).split()) if is_ours else ""
    found = words or type(error).__name__
    return found if len(found) <= longest else f"{found[: longest - 1]}…"


def telling(
    concerns: str, *, is_named_by_answer: bool = False
) -> Callable[[Flow[Parameters, Coroutine[Any, Any, str]]], Flow[Parameters, Coroutine[Any, Any, str]]]:
    """A flow whose runs say what came of them. `concerns`: what a failure means, for whom; a parameter may stand in it,
    as `{incident}`. `is_named_by_answer`: a person waits for what it says, and reads it in the run's name."""

    def made(
        told: Flow[Parameters, Coroutine[Any, Any, str]],
    ) -> Flow[Parameters, Coroutine[Any, Any, str]]:
        # The function is exchanged, not wrapped before: so the flow's version and place stay those of its own file.
        plain = told.fn

        @wraps(plain)
        async def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Any:
            if is_without_prefect() or flow_run.id is None:
                return await plain(*args, **kwargs)
            token = renamed.set(None)
            try:
                found = await plain(*args, **kwargs)
            except Exception as error:  # noqa: BLE001 - whatever it was: who called is told by `data`
                given = inspect.signature(plain).bind(*args, **kwargs).arguments
                line = failure_line(renamed.get() or str(flow_run.name), error, _filled(concerns, given))
                run_logger().exception(line)
                if renamed.get() is None:
                    await _rename(f"{flow_run.name} failed: {_cause(error, _LONGEST_IN_NAME)}")
                return Failed(message=line, data=error)
            finally:
                renamed.reset(token)
            if is_named_by_answer:
                await _rename(f"{flow_run.name}: {found}")
            return Completed(message=found, data=found)

        # Prefect looks names of types up where the function is, which is here.
        run.__annotations__ = get_type_hints(plain, include_extras=True)
        vars(run)["__signature__"] = inspect.signature(plain, eval_str=True)
        told.fn = cast("Callable[Parameters, Coroutine[Any, Any, str]]", run)
        return told

    return made


def _filled(words: str, given: Mapping[str, object]) -> str:
    for name, value in given.items():
        words = words.replace(f"{{{name}}}", str(value)[:100])
    return words


async def _rename(name: str) -> None:
    """The dashboard shows nothing of a run but its name. A Prefect that does not answer costs that name only."""
    with contextlib.suppress(Exception):
        async with asyncio.timeout(_PATIENCE):
            await rename_run(cut(one_line(name), _LONGEST_NAME))
