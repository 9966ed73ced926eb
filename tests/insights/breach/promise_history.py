"""Promises of a small office, made from a seed: gold customers' and those that nobody took are broken more often."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from incidents.models import TicketRef
from incidents.promises.holders import Holder, HolderKind
from incidents.sla.calendars import ALWAYS
from incidents.sla.clock import (
    SlaClock,
    SlaMetric,
    Stretch,
)
from insights.breach.promises import Promise

CALENDARS = {ALWAYS.name: ALWAYS}
TARGET = timedelta(hours=8)


def promises(
    count: int, *, first: datetime, last: datetime, seed: int = 1, known: bool = True
) -> list[Promise]:
    """So many resolutions promised between the two times. Without `known` nothing tells which will be broken."""
    chance = np.random.default_rng(seed)
    made = []
    for number in range(count):
        tier = str(chance.choice(["gold", "silver"]))
        is_stuck = bool(chance.random() < 0.4)
        risk = (0.35 if tier == "gold" else 0.1) + (0.4 if is_stuck else 0.0)
        broken = bool(chance.random() < (risk if known else 0.3))
        hours = float(chance.uniform(9, 30) if broken else chance.uniform(2, 7))
        at = first + (last - first) * (number / count)
        made.append(_promise(number, at, tier, is_stuck=is_stuck, worked=timedelta(hours=hours)))
    return made


def _promise(number: int, at: datetime, tier: str, *, is_stuck: bool, worked: timedelta) -> Promise:
    subject, at = TicketRef(connection="zendesk/support", id=str(number)), at.replace(microsecond=0)
    stretch = Stretch(since=at, until=at + worked, calendar=ALWAYS.name, worked=worked, ended_by="done")
    clock = SlaClock(
        subject=subject,
        metric=SlaMetric.RESOLUTION,
        policy="gold",
        calendar=ALWAYS.name,
        target=TARGET,
        warnings=(),
        started_at=at,
        running_since=None,
        stopped_at=at + worked,
        stretches=(stretch,),
    )
    holders = [
        Holder(subject=subject, since=at, holder="group first line", kind=HolderKind.GROUP, state="new")
    ]
    if not is_stuck:
        holders.append(
            Holder(
                subject=subject,
                since=at + timedelta(hours=1),
                holder="Ann",
                kind=HolderKind.PERSON,
                state="open",
            )
        )
    # When it was over it was solved: a row must not know that.
    holders.append(
        Holder(subject=subject, since=at + worked, holder="Ann", kind=HolderKind.PERSON, state="solved")
    )
    return Promise(clock=clock, holders=tuple(holders), tier=tier)
