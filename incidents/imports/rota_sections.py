"""Schedules of another tool as the section `rotas` of a policy file.

A rota has one holder at a time. Where the tool wakes two people at once, the second one's turns become a rota of their
own, which the first one names under `then`: nobody is lost, and who is woken second is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from incidents.imports.layers import lanes
from incidents.imports.names import Names
from incidents.imports.on_call_setup import ToolLayer, ToolOverride, ToolRota
from incidents.imports.overrides import OverrideParts, shown_by, wall_text, within, written_overrides
from incidents.imports.report import Fate, ImportLine, called
from incidents.imports.week_hours import merged, written
from incidents.policy.rotas import OnCallRota
from incidents.texts.plain_text import one_line
from incidents.texts.time_zones import zone_named

_BY_HAND = "keep it in a calendar and name that as the rota's feed, or write the rota by hand"
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class RotaSections:
    """`sections` by the rotas' names, as the policy file has them; `names` by the tool's ids."""

    sections: dict[str, dict[str, Any]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    lines: list[ImportLine] = field(default_factory=list)


def rota_sections(
    rotas: Sequence[ToolRota], people: Mapping[str, str], names: Names, *, now: datetime
) -> RotaSections:
    """`people` are their names in the policy file by the tool's ids."""
    made = RotaSections()
    for rota in rotas:
        _add(rota, people, names, made, now)
    return made


def _add(rota: ToolRota, people: Mapping[str, str], names: Names, made: RotaSections, now: datetime) -> None:
    what = called("schedule", rota.name)
    over = [one for one in rota.layers if one.until is not None and one.until <= _wall(now, rota.zone)]
    for layer in over:
        words = f"it ended on {layer.until:%Y-%m-%d}"
        made.lines.append(ImportLine(fate=Fate.LEFT, what=f"{what}, {layer.name}", words=words))
    going_on = [one for one in rota.layers if one not in over]
    if not going_on and not rota.has_feed:
        words = "no rotation of it could be taken over"
        made.lines.append(ImportLine(fate=Fate.LEFT, what=what, words=words, cure=_BY_HAND))
        return
    try:
        parts = [_part(rota, lane, people) for lane in lanes(going_on)] or [_part(rota, (), people)]
    except ValidationError as error:
        words = "; ".join(one["msg"].removeprefix("Value error, ") for one in error.errors(include_url=False))
        made.lines.append(ImportLine(fate=Fate.LEFT, what=what, words=words, cure=_BY_HAND))
        return
    keys = [names.name(rota.name, otherwise=f"rota-{rota.id}", suffix=suffix) for suffix in _suffixes(parts)]
    cut = [[_cut(one, rota, part, people, now) for one in rota.overrides] for part in parts]
    made.lines.extend(_not_written(what, rota, cut))
    for key, part, theirs in zip(keys, parts, cut, strict=True):
        overrides = [one for its in theirs for one in its.parts]
        found = written_overrides(what, overrides, ZoneInfo(rota.zone), now=now)
        made.lines.extend(line for line in found.lines if line not in made.lines)
        made.sections[key] = _with_overrides(part.section, found.overrides, people, ZoneInfo(rota.zone))
    if len(keys) > 1:
        made.sections[keys[0]]["then"] = keys[1:]
        words = f"several are on call at once; here {keys[0]} is woken first, then {', '.join(keys[1:])}"
        made.lines.append(ImportLine(fate=Fate.DIFFERS, what=what, words=words))
    made.names[rota.id] = keys[0]
    count = len(parts[0].layers)
    counted = "by its calendar" if rota.has_feed else f"{count} layer{'s' if count != 1 else ''}"
    words = f"as rota {keys[0]}: {counted}, {rota.zone}"
    cure = ""
    if rota.has_feed:
        made.sections[keys[0]]["feed"] = keys[0]
        cure = f"give feed {keys[0]} the address of its calendar in the roster's block"
    made.lines.append(ImportLine(fate=Fate.TAKEN, what=what, words=words, cure=cure))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    """One lane of a schedule: its layers, and the section without overrides."""

    layers: tuple[ToolLayer, ...]
    section: dict[str, Any]
    checked: OnCallRota


def _suffixes(parts: Sequence[_Part]) -> list[str]:
    return ["", *(f"-beside-{number}" for number in range(1, len(parts)))]


def _part(rota: ToolRota, lane: Sequence[ToolLayer], people: Mapping[str, str]) -> _Part:
    section: dict[str, Any] = {"timezone": rota.zone}
    title = one_line(rota.name)[:100].strip()
    if title:
        section = {"title": title, **section}
    if lane:
        section["layers"] = [_layer(one, people) for one in lane]
    checked = OnCallRota.model_validate({**section, "feed": "feed"} if rota.has_feed else section)
    return _Part(layers=tuple(lane), section=section, checked=checked)


def _layer(layer: ToolLayer, people: Mapping[str, str]) -> dict[str, Any]:
    section: dict[str, Any] = {
        "people": [people[one] for one in layer.people],
        "hand_over": wall_text(layer.first),
        "every": f"{layer.days}d",
    }
    if layer.hours is not None:
        section["hours"] = written(merged(layer.hours))
    if layer.until is not None:
        until = layer.until
        # A last second (23:59:59) belongs to it; the policy file has no seconds.
        section["until"] = wall_text(until + _MINUTE if until.second else until)
    return section


def _cut(
    override: ToolOverride, rota: ToolRota, part: _Part, people: Mapping[str, str], now: datetime
) -> OverrideParts:
    """What of an override of the schedule is for this part of it."""
    is_whole = not override.layers or {layer.id for layer in part.layers} <= set(override.layers)
    if (is_whole and not override.instead_of) or override.end <= now:
        return OverrideParts(parts=(override,))
    if override.instead_of and override.instead_of not in people:
        return OverrideParts(parts=())
    pairs = zip(part.layers, part.checked.rota("").layers, strict=True)
    instead_of = people[override.instead_of] if override.instead_of else None
    return within(override, pairs, ZoneInfo(rota.zone), instead_of=instead_of, now=now)


def _not_written(what: str, rota: ToolRota, cut: Sequence[Sequence[OverrideParts]]) -> Iterable[ImportLine]:
    """Overrides that are for no turn which is in the file, and those of which only the beginning is."""
    zone = ZoneInfo(rota.zone)
    for one, parts in zip(rota.overrides, zip(*cut, strict=True), strict=True):
        named = f"{what}, override from {shown_by(one.start, zone)}"
        rests = [its.rest_from for its in parts if its.rest_from is not None]
        if not any(its.parts for its in parts):
            words = "none of the turns that it takes is in the policy file"
            yield ImportLine(fate=Fate.LEFT, what=named, words=words, cure="write it under overrides")
        elif rests:
            words = f"only what is before {shown_by(min(rests), zone)} is written"
            yield ImportLine(
                fate=Fate.DIFFERS, what=named, words=words, cure="write the rest under overrides"
            )


def _with_overrides(
    section: dict[str, Any], overrides: Sequence[ToolOverride], people: Mapping[str, str], zone: ZoneInfo
) -> dict[str, Any]:
    if not overrides:
        return dict(section)
    shown = [
        {"person": people[one.person], "from": shown_by(one.start, zone), "to": shown_by(one.end, zone)}
        for one in overrides
    ]
    return {**section, "overrides": shown}


def _wall(now: datetime, zone: str) -> datetime:
    known = zone_named(zone)
    # One that is none is told when the rota is checked.
    return (now if known is None else now.astimezone(known)).replace(tzinfo=None)
