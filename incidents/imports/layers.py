"""Turns of another tool as layers: of hours instead of days, and of several people who have them at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import lcm

from incidents.imports.on_call_setup import ToolLayer
from incidents.imports.week_hours import each_day, merged
from incidents.service_levels import WEEK, OpenHours

_DAY = 24


def hourly(rotation: ToolLayer, hours: int) -> tuple[ToolLayer, ...] | None:
    """The rotation with turns of so many hours: a layer for each part of the day, in which people take turns by day.

    None where the day is no whole number of turns and a turn no whole number of days: then the time of the hand-over
    wanders, which layers cannot say.
    """
    if hours % _DAY == 0:
        return (replace(rotation, days=hours // _DAY),)
    if _DAY % hours:
        return None
    parts, count = _DAY // hours, len(rotation.people)
    days = lcm(parts, count) // parts
    layers = []
    for part in range(parts):
        begin = rotation.first + timedelta(hours=part * hours)
        people = tuple(rotation.people[(day * parts + part) % count] for day in range(days))
        its_hours = each_day(begin.hour * 60 + begin.minute, hours * 60)
        layers.append(replace(rotation, people=people, first=begin, days=1, hours=its_hours))
    return tuple(one for one in layers if one.until is None or one.first < one.until)


def lanes(layers: Sequence[ToolLayer]) -> tuple[tuple[ToolLayer, ...], ...]:
    """The layers, higher levels first, so that no two of one level meet within a lane: a rota has one holder at a time.

    The first lane is the rota; whoever is in another one is woken by the tool at the same time.
    """
    found: list[list[ToolLayer]] = []
    for layer in sorted(layers, key=lambda one: -one.level):
        lane = next((lane for lane in found if not any(_clash(layer, other) for other in lane)), None)
        if lane is None:
            found.append([layer])
        else:
            lane.append(layer)
    # One that takes over in the midst of a turn comes after the one that ends then, which has it until then.
    return tuple(tuple(sorted(lane, key=lambda one: (-one.level, _begin(one)))) for lane in found)


def _clash(one: ToolLayer, other: ToolLayer) -> bool:
    if one.level != other.level or not _begins_before_end(one, other) or not _begins_before_end(other, one):
        return False
    mine, theirs = _week(one.hours), _week(other.hours)
    return any(max(a[0], b[0]) < min(a[1], b[1]) for a in mine for b in theirs)


def _begins_before_end(one: ToolLayer, other: ToolLayer) -> bool:
    return other.until is None or _begin(one) < other.until


def _begin(layer: ToolLayer) -> datetime:
    return layer.first if layer.begins is None else max(layer.first, layer.begins)


def _week(hours: Sequence[OpenHours] | None) -> list[tuple[int, int]]:
    return [(0, WEEK)] if hours is None else merged(hours)
