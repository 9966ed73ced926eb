"""People and rotas as they are written in the policy file: for who has no on-call tool."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from incidents.policy.calendars import Days, Hours, WorkCalendar, ZoneName
from incidents.policy.words import Duration, Name, PolicySection, listed
from incidents.rotas.rota import Layer, Responder, Roster, Rota, Turn, Way, wall_time

ROSTER = "roster"
"""The vendor's part of connections to our own pager, which these sections are for."""

_WALL_TIME = re.compile(r"(\d{4})-(\d{2})-(\d{2})[ T](\d{1,2}):(\d{2})")
_DAY = timedelta(days=1)


def parse_wall_time(text: str) -> datetime:
    """`2026-12-24 18:00`, as the clock on the wall shows it, without a zone. Raises `ValueError` with the cure."""
    match = _WALL_TIME.fullmatch(text.strip())
    try:
        if match is None:
            raise ValueError
        year, month, day, hour, minute = map(int, match.groups())
        return datetime(year, month, day, hour, minute)  # noqa: DTZ001 - the rota's zone comes later
    except ValueError as error:
        raise ValueError(
            f"{text[:40]!r} is no date with a time; write 2026-12-24 18:00, by the clock of the rota's time zone"
        ) from error


def _wall_time(text: str) -> str:
    parse_wall_time(text)
    return text


WallTime = Annotated[str, AfterValidator(_wall_time)]


class OnCallWay(PolicySection):
    """One way to reach a person."""

    way: Name = Field(description="The way's name in the roster's block, which has its address: ana-phone.")
    wait: Duration = Field(
        default=timedelta(minutes=5), description="How long to wait for an answer before the next way."
    )


class OnCallPerson(PolicySection):
    """Somebody who can be woken."""

    name: str = Field(min_length=1, max_length=100, description="Their name, for people.")
    reach: list[OnCallWay] = Field(min_length=1, description="The ways to reach them, tried in this order.")
    known_as: list[str] = Field(
        default_factory=list, description="What calendars call them besides: a nickname, a mail address."
    )


class OnCallLayer(PolicySection):
    """People who take turns."""

    people: list[str] = Field(min_length=1, description="Who takes turns, in this order.")
    hand_over: WallTime = Field(
        description="The first hand-over, to the first of them: 2026-11-02 09:00; later ones at that time of day."
    )
    every: Duration = Field(default=7 * _DAY, description="How long a turn is: 1d, 7d, 2w.")
    hours: dict[Days, Annotated[list[Hours], BeforeValidator(listed)]] | None = Field(
        default=None,
        description="Only within these hours: mon-fri: [09:00-17:00]. Without it, around the clock.",
    )
    until: WallTime | None = Field(
        default=None,
        description="From then on nobody has it by this layer: 2027-01-04 09:00; null: it goes on.",
    )

    @field_validator("every")
    @classmethod
    def _whole_days(cls, every: timedelta) -> timedelta:
        if every % _DAY:
            raise ValueError(
                "a turn is whole days, such as 1d or 1w; for day and night write two layers with hours"
            )
        return every

    @model_validator(mode="after")
    def _ends_after_its_first_hand_over(self) -> Self:
        if self.until is not None and parse_wall_time(self.until) <= parse_wall_time(self.hand_over):
            raise ValueError(
                f"the layer ends at {self.until}, not after its first hand-over ({self.hand_over}); correct them"
            )
        return self


class OnCallOverride(PolicySection):
    """A person takes a shift, whatever calendar and layers say."""

    person: str = Field(description="Who takes it.")
    from_: WallTime = Field(alias="from", description="From when: 2026-12-24 18:00, in the rota's time zone.")
    to: WallTime = Field(description="Until when.")

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if parse_wall_time(self.to) <= parse_wall_time(self.from_):
            raise ValueError(
                f"the override ends at {self.to}, not after it begins ({self.from_}); swap or correct them"
            )
        return self


class OnCallRota(PolicySection):
    """Who is on call when. What an override says comes first, then the feed, then the first layer with somebody."""

    title: str = Field(default="", max_length=100, description="The rota's name, for people.")
    timezone: ZoneName = Field(description="Time zone of its hand-overs, such as Europe/Berlin.")
    layers: list[OnCallLayer] = Field(
        default_factory=list, description="Who takes turns; the first that has somebody."
    )
    overrides: list[OnCallOverride] = Field(
        default_factory=list, description="Shifts that somebody takes over."
    )
    feed: Name | None = Field(
        default=None,
        description="A calendar's name in the roster's block, which has its address (iCalendar).",
    )
    then: list[str] = Field(
        default_factory=list,
        description="Rotas or people that are woken when whoever has it does not answer.",
    )
    rounds: int = Field(default=3, ge=1, le=20, description="How often all of them are tried.")

    @field_validator("overrides")
    @classmethod
    def _one_at_a_time(cls, overrides: list[OnCallOverride]) -> list[OnCallOverride]:
        ordered = sorted(overrides, key=lambda one: parse_wall_time(one.from_))
        for before, after in pairwise(ordered):
            if parse_wall_time(after.from_) < parse_wall_time(before.to):
                raise ValueError(
                    f"the override of {before.person!r} until {before.to} overlaps that of {after.person!r} from "
                    f"{after.from_}; end one where the other begins"
                )
        return overrides

    @model_validator(mode="after")
    def _has_somebody(self) -> Self:
        if not self.layers and self.feed is None:
            raise ValueError("nobody would ever be on call; add layers or a feed")
        return self

    def rota(self, name: str) -> Rota:
        """The same as the arithmetic takes it."""
        zone = ZoneInfo(self.timezone)
        return Rota(
            name=name,
            title=self.title or name,
            zone=zone,
            layers=tuple(self._layer(name, layer) for layer in self.layers),
            overrides=tuple(
                Turn(start=_instant(one.from_, zone), end=_instant(one.to, zone), person=one.person)
                for one in self.overrides
            ),
            feed=self.feed or "",
            then=tuple(self.then),
            rounds=self.rounds,
        )

    def _layer(self, name: str, layer: OnCallLayer) -> Layer:
        hours = None
        if layer.hours is not None:
            hours = WorkCalendar(timezone=self.timezone, hours=layer.hours).calendar(name)
        return Layer(
            people=tuple(layer.people),
            first=parse_wall_time(layer.hand_over),
            days=layer.every // _DAY,
            hours=hours,
            until=None if layer.until is None else parse_wall_time(layer.until),
        )


def roster_of(people: Mapping[str, OnCallPerson], rotas: Mapping[str, OnCallRota]) -> Roster:
    """Everybody, and the rotas, as the arithmetic takes them."""
    return Roster(
        people={
            key: Responder(
                key=key,
                name=person.name,
                ways=tuple(Way(name=one.way, wait=one.wait) for one in person.reach),
                known_as=tuple(person.known_as),
            )
            for key, person in people.items()
        },
        rotas={name: rota.rota(name) for name, rota in rotas.items()},
    )


def _instant(text: str, zone: ZoneInfo) -> datetime:
    at = parse_wall_time(text)
    return wall_time(at.date(), at.hour * 60 + at.minute, zone).astimezone(UTC)
