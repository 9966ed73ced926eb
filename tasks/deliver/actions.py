"""Running a pre-configured action: what must hold is looked at anew, it is started once, followed to its end, and the
service's probes are asked before and after."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from incidents.actions import DRY_RUN, NOT_STARTED, ActionState
from incidents.case import Entry, EntryKind
from incidents.decisions.acting.asking import ran_with
from incidents.decisions.acting.starting import HOUR, StartConditions, looks_words, obstacle
from incidents.effects import ActionCall, EffectState
from incidents.errors import Busy, LiaisonError, Refused, StoreFault, Unreachable
from incidents.models import Incident, ProbeResult
from incidents.policy.acting.section import ActionPolicy
from incidents.ports import ActionRunner
from incidents.redaction.redaction import safe_excerpt
from incidents.step import Step
from incidents.store.cases import read_incident
from incidents.store.ledger.effects import (
    Leased,
    Settled,
)
from incidents.store.ledger.pauses import pause_at_start
from incidents.store.ledger.starts import lock_starts, starts_within
from incidents.store.timeline import append_entries
from incidents.texts.team import Sentence, sentence, worded, worded_as
from tasks import resources
from tasks.deliver.departure import set_out
from tasks.deliver.settling import done
from tasks.stages.gather import look_with

_LOOK_EVERY = 1.0
_LONGEST_LOOK = 5.0
"""Seconds: where an action is tried first, a page waits for it."""
_LONGEST_OUTPUT = 300
_BEFORE = sentence("Before the action '{action}': {looks}")
_AFTER = sentence("After the action '{action}': {looks}")


class _StoppedShort(Refused):
    """It was not started, for the reason in the message."""

    result = NOT_STARTED


class _Rehearsed(_StoppedShort):
    """The policy lets it go only so far."""

    result = DRY_RUN


async def run_action(item: Leased) -> Settled:
    """Run it once. An action is a means, never the end: whatever goes wrong with it is its outcome, and the
    incident goes on to the engineers without waiting for a retry."""
    call = item.effect.payload
    if not isinstance(call, ActionCall):
        raise TypeError(f"{type(call).__name__} is no action")
    if item.must_look_up:
        return _ended(item, ActionState.FAILED, worded("interrupted; whether it ran is not known"))
    start = await _prepared(item)
    seen = ""
    try:
        runner = await resources.connect(item.effect.connection, ActionRunner)
        if not await set_out([item], runner, unless=start.stop):
            return done(item)  # the fence is gone: whatever we say no longer counts
        async with asyncio.timeout(call.timeout):
            run = await runner.run(call.action, dict(call.arguments), once=item.effect.once)
            while run.state is ActionState.RUNNING:
                seen = run.detail or seen
                await asyncio.sleep(_LOOK_EVERY)
                try:
                    run = await runner.follow(run.id)
                except (Busy, Unreachable):
                    continue  # the time limit ends this, not one lost look
    except StoreFault:
        raise  # nobody has asked the runner for anything
    except _StoppedShort as why:
        return Settled(
            id=item.id, fence=item.fence, state=EffectState.DONE, detail=str(why), result=why.result
        )
    except TimeoutError:
        # What it waits for, such as a worker or a person, is what an engineer must know.
        last = worded("; last seen: {seen}", seen=seen) if seen else ""
        return await start.ended(
            ActionState.FAILED,
            worded("not finished within {seconds} s{last}", seconds=f"{call.timeout:g}", last=last),
        )
    except LiaisonError as error:
        return await start.ended(ActionState.FAILED, str(error))
    return await start.ended(run.state, run.detail)


class _Start:
    """One start of an action, with what was seen just before it."""

    def __init__(
        self, item: Leased, incident: Incident, looks: Sequence[ProbeResult], healthy: Sequence[ProbeResult]
    ) -> None:
        self._item = item
        self._incident = incident
        self._looks = looks
        self._healthy = healthy

    async def stop(self, step: Step) -> None:
        """In the transaction that says that it goes out: raises `_StoppedShort` where something stands in its way, else
        writes down what probes said."""
        service, action = self._incident.service, self._item.effect.target
        await lock_starts(step.connection, service, action)
        now = StartConditions(
            incident=await read_incident(step.connection, self._incident.id),
            looks=self._looks,
            healthy=self._healthy,
            starts=await starts_within(step.connection, service, action, within=HOUR, but=self._item.id),
            pause=await pause_at_start(step.connection),
        )
        planned = step.policy.action_of(service, action)
        why = obstacle(planned, now, step.basis)
        if why is not None:
            raise _StoppedShort(worded("not started: {why}", why=why))
        if planned is not None and planned.dry_run:
            raise _Rehearsed(
                worded("only rehearsed (dry run): it would have run at {place}", place=ran_with(planned))
            )
        await append_entries(step, self._incident.id, self._seen(_BEFORE, self._looks))

    async def ended(self, state: ActionState, detail: str) -> Settled:
        """How it ended, and what probes say now."""
        looks = await _looks(_probes(self._incident), self._incident)
        return _ended(self._item, state, detail, self._seen(_AFTER, looks))

    def _seen(self, when: Sentence, looks: Sequence[ProbeResult]) -> tuple[Entry, ...]:
        if not looks:
            return ()
        text = worded_as(when, action=self._item.effect.target, looks=looks_words(looks))
        return (Entry(kind=EntryKind.ACTION, text=text),)


async def _prepared(item: Leased) -> _Start:
    async with resources.database().transaction() as tx:
        incident = await read_incident(tx, item.effect.its_incident)
    planned: ActionPolicy | None = resources.policy().action_of(incident.service, item.effect.target)
    wanted = planned.only_if.healthy if planned is not None else []
    looks, healthy = await asyncio.gather(_looks(_probes(incident), incident), _looks(wanted, incident))
    return _Start(item, incident, looks, healthy)


async def _looks(names: Sequence[str], incident: Incident) -> Sequence[ProbeResult]:
    return await look_with(names, incident.service, within=_LONGEST_LOOK)


def _probes(incident: Incident) -> Sequence[str]:
    return resources.policy().service(incident.service).probes


def _ended(item: Leased, state: ActionState, detail: str, also: tuple[Entry, ...] = ()) -> Settled:
    return Settled(
        id=item.id,
        fence=item.fence,
        state=EffectState.DONE,
        # A runner's output is a stranger's text.
        detail=safe_excerpt(detail, _LONGEST_OUTPUT) or state.value,
        result=state.value,
        also=also,
    )
