"""Shifts that somebody takes over, as a policy file has them: by the rota's clock, one at a time, none that is over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from incidents.imports.on_call_setup import ToolLayer, ToolOverride
from incidents.imports.report import Fate, ImportLine
from incidents.rotas.rota import Layer, Rota, shifts, wall_time

MOST_PARTS = 60
"""Parts of one override that is for some rotations, or one person's turns, only."""
FARTHEST = timedelta(days=400)
"""How long from now on such parts are looked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WrittenOverrides:
    """What stands under `overrides`, by the clock on the wall, and what there is to tell."""

    overrides: tuple[ToolOverride, ...]
    lines: tuple[ImportLine, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class OverrideParts:
    """The stretches of an override in which it takes somebody's place; from `rest_from` on, more may follow."""

    parts: tuple[ToolOverride, ...]
    rest_from: datetime | None = None


def written_overrides(
    what: str, overrides: Sequence[ToolOverride], zone: ZoneInfo, *, now: datetime
) -> WrittenOverrides:
    """Of two that meet, the one that begins first keeps its end."""
    lines: list[ImportLine] = []
    kept: list[ToolOverride] = []
    over = [one for one in overrides if one.end <= now]
    if over:
        words = f"{len(over)} of them {'is' if len(over) == 1 else 'are'} over"
        lines.append(ImportLine(fate=Fate.LEFT, what=f"{what}, overrides", words=words))
    for one in sorted((one for one in overrides if one.end > now), key=lambda one: (one.start, one.end)):
        named = f"{what}, override from {one.start.astimezone(zone):%Y-%m-%d %H:%M}"
        start = max(one.start, kept[-1].end) if kept else one.start
        if start > one.start:
            words = "it meets the one before, which keeps its end"
            if start >= one.end:
                words = "the one before covers it"
            fate = Fate.LEFT if start >= one.end else Fate.DIFFERS
            lines.append(ImportLine(fate=fate, what=named, words=words, cure="correct it under overrides"))
        if start >= one.end:
            continue
        shown = [_shown(at, zone) for at in (start, one.end)]
        if any(
            wall_time(at.date(), at.hour * 60 + at.minute, zone) != real
            for at, real in zip(shown, (start, one.end), strict=True)
        ):
            words = "it begins or ends at a time that the clock shows twice, or with seconds"
            cure = "it is written to the minute, and by the first of the two"
            lines.append(ImportLine(fate=Fate.DIFFERS, what=named, words=words, cure=cure))
        if shown[0] < shown[1]:
            kept.append(replace(one, start=start))
    return WrittenOverrides(overrides=tuple(kept), lines=tuple(lines))


def within(
    override: ToolOverride,
    layers: Iterable[tuple[ToolLayer, Layer]],
    zone: ZoneInfo,
    *,
    instead_of: str | None,
    now: datetime,
) -> OverrideParts:
    """What is not over of an override of some layers, or of one person's turns, cut to the time in which those have it.
    `instead_of` is that person as the layers name them, None where it is whoever has it."""
    theirs = tuple(layer for tool, layer in layers if not override.layers or tool.id in override.layers)
    rota = Rota(name="", title="", zone=zone, layers=theirs)
    begin = max(override.start, now.replace(second=0, microsecond=0))
    end = min(override.end, begin + FARTHEST)
    parts: list[ToolOverride] = []
    for one in shifts(rota, begin, end):
        if one.is_gap or (instead_of is not None and one.person != instead_of):
            continue
        if parts and parts[-1].end == one.start:
            parts[-1] = replace(parts[-1], end=one.end)
        elif len(parts) == MOST_PARTS:
            return OverrideParts(parts=tuple(parts), rest_from=one.start)
        else:
            parts.append(replace(override, start=one.start, end=one.end))
    return OverrideParts(parts=tuple(parts), rest_from=end if end < override.end else None)


def wall_text(at: datetime) -> str:
    """`2026-12-24 18:00`, as a policy file has it."""
    return f"{at:%Y-%m-%d %H:%M}"


def shown_by(at: datetime, zone: ZoneInfo) -> str:
    """What the zone's clock shows at that instant."""
    return wall_text(_shown(at, zone))


def _shown(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)
