"""Escalations of another tool as what a rota says of whom it wakes next (`then`, `rounds`).

A step "after ten minutes, the lead" is the lead under `then` of the first step's rota; how long is waited is the `wait`
of each person's ways, one time for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise

from incidents.imports.on_call_setup import TargetKind, ToolEscalation, ToolStep, ToolTarget
from incidents.imports.report import Fate, ImportLine, called
from incidents.texts.times import duration

PLAIN_WAIT = timedelta(minutes=5)
MOST_ROUNDS = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class NextLevels:
    """Whom a rota wakes after its own holder, and how often all of them."""

    then: tuple[ToolTarget, ...]
    rounds: int


@dataclass(frozen=True, kw_only=True, slots=True)
class FoldedEscalations:
    """`next_levels` by the rota's id; `alone` are escalations that begin with a person and need a rota of their own;
    `targets` says for each escalation what a team pages."""

    next_levels: Mapping[str, NextLevels]
    alone: tuple[ToolEscalation, ...]
    targets: Mapping[str, ToolTarget]
    wait: timedelta
    lines: tuple[ImportLine, ...]


def folded_escalations(
    escalations: Sequence[ToolEscalation], known: frozenset[ToolTarget]
) -> FoldedEscalations:
    """`known` are the people and rotas that are in the policy file; steps that page anything else are left out."""
    wait = min(_gaps(escalations), default=PLAIN_WAIT)
    next_levels: dict[str, NextLevels] = {}
    owners: dict[str, str] = {}
    targets: dict[str, ToolTarget] = {}
    alone: list[ToolEscalation] = []
    lines: list[ImportLine] = []
    for one in escalations:
        what = called("escalation", one.name)
        steps = [step for step in one.steps if step.target in known]
        if 0 < len(steps) < len(one.steps):
            words = f"{len(one.steps) - len(steps)} of them page what is not in the policy file"
            lines.append(ImportLine(fate=Fate.LEFT, what=f"{what}, steps", words=words, cure="see there"))
        if not steps:
            words = "none of its steps pages anybody who is in the policy file"
            lines.append(ImportLine(fate=Fate.LEFT, what=what, words=words, cure="see there"))
            continue
        lines += _timing(what, steps, wait)
        first, then = steps[0].target, _others(steps)
        if again := len(steps) - 1 - len(then):
            verb = "pages" if again == 1 else "page"
            words = f"{again} of its steps {verb} who was paged before; here each is woken once a round"
            cure = "raise rounds of its first rota, or give the people more ways"
            lines.append(ImportLine(fate=Fate.DIFFERS, what=what, words=words, cure=cure))
        rounds = min(max(one.rounds, 1), MOST_ROUNDS)
        if first.kind is TargetKind.PERSON and (then or rounds > 1):
            alone.append(replace(one, steps=tuple(steps)))
            first = ToolTarget(kind=TargetKind.ROTA, id=f"escalation {one.id}")
        targets[one.id] = first
        if first.kind is TargetKind.PERSON:
            continue
        wanted = NextLevels(then=then, rounds=rounds)
        if next_levels.setdefault(first.id, wanted) != wanted:
            words = f"its first step is that of {called('escalation', owners[first.id])}, whose next ones the rota has"
            cure = "copy the rota under another name, with a then of its own, and name it as the team's pager_target"
            lines.append(
                ImportLine(fate=Fate.LEFT, what=f"{what}, its further steps", words=words, cure=cure)
            )
            continue
        owners.setdefault(first.id, one.name)
        words = f"as what its first rota wakes next: {len(then)} more, {rounds} times in all"
        lines.append(ImportLine(fate=Fate.TAKEN, what=what, words=words))
    return FoldedEscalations(
        next_levels=next_levels, alone=tuple(alone), targets=targets, wait=wait, lines=tuple(lines)
    )


def _gaps(escalations: Iterable[ToolEscalation]) -> list[timedelta]:
    return [
        after.after - before.after
        for one in escalations
        for before, after in pairwise(one.steps)
        if after.after > before.after
    ]


def _others(steps: Sequence[ToolStep]) -> tuple[ToolTarget, ...]:
    """Whoever comes after the first, each once: a rota wakes nobody twice in a round."""
    first = steps[0].target
    return tuple(dict.fromkeys(step.target for step in steps[1:] if step.target != first))


def _timing(what: str, steps: Sequence[ToolStep], wait: timedelta) -> Iterable[ImportLine]:
    if steps[0].after > timedelta(0):
        words = f"its first step comes {duration(steps[0].after)} after the alert; here it comes at once"
        yield ImportLine(fate=Fate.DIFFERS, what=what, words=words)
    gaps = [after.after - before.after for before, after in pairwise(steps)]
    if timedelta(0) in gaps:
        words = "it pages several at once; here one comes after the other"
        cure = "name them as pager_target of teams of their own if they must be woken together"
        yield ImportLine(fate=Fate.DIFFERS, what=what, words=words, cure=cure)
    longer = sorted({gap for gap in gaps if gap > wait})
    if longer:
        told = " and ".join(duration(gap) for gap in longer)
        words = f"it waits {told} between steps; here {duration(wait)} are waited for each way of a person"
        cure = "set wait: of their ways"
        yield ImportLine(fate=Fate.DIFFERS, what=what, words=words, cure=cure)
