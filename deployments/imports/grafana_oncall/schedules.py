"""Grafana OnCall's schedules: shifts by their levels, single shifts, overrides and swaps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, timedelta

from deployments.imports.grafana_oncall.answers import OnCallSchedule, OnCallShiftRule, ShiftSwap
from deployments.imports.grafana_oncall.shifts import UnsaidShift, said_shift
from incidents.imports.on_call_setup import ToolLayer, ToolOverride, ToolRota
from incidents.imports.report import Fate, ImportLine, called
from incidents.texts.time_zones import zone_named

_SINGLE = ("single_event", "override")


class ScheduleReading:
    """Translates schedule by schedule. `lines` are what there is to tell; `named` the users that came up."""

    def __init__(self, shifts: Mapping[str, OnCallShiftRule], swaps: Sequence[ShiftSwap]) -> None:
        self._shifts = shifts
        self._swaps = swaps
        self.lines: list[ImportLine] = []
        self.named: dict[str, None] = {}

    def rota(self, schedule: OnCallSchedule) -> ToolRota:
        """The schedule; what cannot be said of it is told."""
        what = called("schedule", schedule.name)
        rules = self._rules(schedule, what)
        zone = self._zone(schedule, rules)
        layers = tuple(self._layers(schedule, rules, zone, what))
        overrides = (*self._single(rules, schedule, what, layers), *self._swapped(schedule, what))
        if schedule.type == "ical" and schedule.ical_url_overrides:
            words = "a rota has one calendar, and this is the second one"
            self._add(Fate.LEFT, f"{what}, ical_url_overrides", words, "enter its shifts under overrides")
        for layer in layers:
            self.named |= dict.fromkeys(layer.people)
        self.named |= dict.fromkeys(
            person for one in overrides for person in (one.person, one.instead_of) if person
        )
        return ToolRota(
            id=schedule.id,
            name=schedule.name,
            zone=zone,
            layers=layers,
            overrides=overrides,
            has_feed=bool(schedule.ical_url_primary or schedule.ical_url_overrides),
        )

    def _add(self, fate: Fate, what: str, words: str, cure: str = "") -> None:
        self.lines.append(ImportLine(fate=fate, what=what, words=words, cure=cure))

    def _rules(self, schedule: OnCallSchedule, what: str) -> list[OnCallShiftRule]:
        found: list[OnCallShiftRule] = []
        for one in schedule.shifts or ():
            if one in self._shifts:
                found.append(self._shifts[one])
            else:
                words = f"{one[:40]} is not in on_call_shifts.json"
                self._add(Fate.LEFT, f"{what}, a shift", words, "save all pages of it, and import again")
        return found

    def _zone(self, schedule: OnCallSchedule, rules: Sequence[OnCallShiftRule]) -> str:
        """That of most of its recurring shifts: each goes by its own, or else by the schedule's."""
        own = schedule.time_zone or "UTC"
        zones = Counter(one.time_zone or own for one in rules if one.type not in _SINGLE)
        return zones.most_common(1)[0][0] if zones else own

    def _layers(
        self, schedule: OnCallSchedule, rules: Sequence[OnCallShiftRule], zone: str, what: str
    ) -> Iterable[ToolLayer]:
        for rule in rules:
            if rule.type in _SINGLE:
                continue
            named = f"{what}, {called('shift', rule.name or rule.id)}"
            its_zone = rule.time_zone or schedule.time_zone or "UTC"
            clock = zone_named(its_zone)
            if its_zone != zone or clock is None:
                words = f"it goes by the clock of {its_zone}, and the rota by that of {zone}"
                self._add(Fate.LEFT, named, words, "write it as a rota of its own, and name that under then")
                continue
            try:
                said = said_shift(rule, clock, is_web=schedule.type == "web")
            except UnsaidShift as unsaid:
                self._add(Fate.LEFT, named, unsaid.words, unsaid.cure)
                continue
            for remark in said.remarks:
                self._add(Fate.DIFFERS, named, remark)
            yield from said.layers

    def _single(
        self,
        rules: Sequence[OnCallShiftRule],
        schedule: OnCallSchedule,
        what: str,
        layers: Sequence[ToolLayer],
    ) -> Iterable[ToolOverride]:
        for rule in rules:
            if rule.type not in _SINGLE:
                continue
            named = f"{what}, {called(rule.type.replace('_', ' '), rule.name or rule.id)}"
            clock = zone_named(rule.time_zone or schedule.time_zone or "UTC")
            users = rule.users or [one[0] for one in rule.rolling_users if one]
            if not users:
                words = "the answer names nobody; overrides made in the web may come so"
                self._add(Fate.LEFT, named, words, "write who has it under overrides")
                continue
            if clock is None:
                self._add(Fate.LEFT, named, "its time zone is none", "write it under overrides")
                continue
            if len(users) > 1:
                self._add(Fate.DIFFERS, named, f"{len(users)} are on call at once; here the first one is")
            if rule.type == "single_event" and any(one.level > rule.level for one in layers):
                words = f"it is of level {rule.level}, below others; here it comes before them"
                self._add(Fate.DIFFERS, named, words, "take it out of overrides if it is not meant")
            start = rule.start.replace(tzinfo=clock).astimezone(UTC)
            yield ToolOverride(person=users[0], start=start, end=start + timedelta(seconds=rule.duration))

    def _swapped(self, schedule: OnCallSchedule, what: str) -> Iterable[ToolOverride]:
        for one in self._swaps:
            if one.schedule != schedule.id:
                continue
            named = f"{what}, shift swap from {one.swap_start:%Y-%m-%d}"
            if not one.benefactor:
                self._add(Fate.LEFT, named, "nobody has taken it")
            elif schedule.type == "ical":
                self._add(
                    Fate.LEFT, named, "whose turns they are stands in a calendar", "write it under overrides"
                )
            elif one.swap_end > one.swap_start:
                yield ToolOverride(
                    person=one.benefactor, start=one.swap_start, end=one.swap_end, instead_of=one.beneficiary
                )
