"""The lines of a hosted status page: which of them show a service, and how a fault makes them look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from incidents.texts.plain_text import one_line

_NAMED = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class PageComponent:
    """One line of the page, and how it is shown now, in the vendor's word."""

    id: str
    name: str
    status: str


def components_for(
    services: Iterable[str], components: Sequence[PageComponent], said: Mapping[str, Sequence[str]]
) -> list[PageComponent]:
    """Those that show these services: by what is said (ids by service), else the only one with the service's name."""
    told = {_key(service): set(ids) for service, ids in said.items()}
    found: list[PageComponent] = []
    for service in services:
        ids = told.get(_key(service))
        if ids is None:
            named = [one for one in components if _key(one.name) == _key(service)]
            found += named if len(named) == 1 else []
        else:
            found += [one for one in components if one.id in ids]
    return list(dict.fromkeys(found))


def gone(components: Iterable[PageComponent], said: Mapping[str, Sequence[str]]) -> str:
    """Which of the ids that are said the page does not have, with their services, for people; "" where it has all."""
    known = {one.id for one in components}
    lost = [f"{id_} (of {service!r})" for service, ids in said.items() for id_ in ids if id_ not in known]
    return ", ".join(lost[:_NAMED])


def listed(components: Sequence[PageComponent]) -> str:
    """Their names and ids, for people; and those that are not chosen by their name, as it is not the only one."""
    if not components:
        return "no components"
    keys = [_key(one.name) for one in components]
    twice = [one for one in components if keys.count(_key(one.name)) > 1]
    doubt = (
        f"; none of these is chosen by its name, as it is not the only one: {_named(twice)}" if twice else ""
    )
    return f"components: {_named(components)}{doubt}"


def hit(component: PageComponent, wanted: str, scale: Sequence[str]) -> str:
    """How it looks in a fault: as `wanted`, but never better than it looks now. `scale` is the vendor's words, from
    working to the worst; what is none of them (maintenance) a person said, and it stays."""
    if component.status not in scale or scale.index(component.status) >= scale.index(wanted):
        return component.status
    return wanted


def over(component: PageComponent, others: Iterable[str], scale: Sequence[str]) -> str:
    """How it looks after a fault: working again, unless it is among the ids that other faults hit."""
    is_left = component.status not in scale or component.id in set(others)
    return component.status if is_left else scale[0]


def _named(components: Sequence[PageComponent]) -> str:
    names = ", ".join(f"{one.name} ({one.id})" for one in components[:_NAMED])
    more = f" and {len(components) - _NAMED} more" if len(components) > _NAMED else ""
    return f"{names}{more}"


def _key(name: str) -> str:
    return one_line(name).casefold()
