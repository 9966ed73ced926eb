"""Policies that can never be chosen, because those before them take all that they would."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product
from typing import Any

Criteria = Mapping[str, frozenset[Any]]
"""For each criterion the values it accepts; none is any."""

_OTHER = object()
"""Stands for every value that no policy names."""
_LOOKED_AT = 50_000


def never_chosen(policies: Sequence[Criteria]) -> Iterator[tuple[int, tuple[int, ...]]]:
    """The index of each policy that is never the first to match, and of those that are chosen in its place.

    All combinations of values that a policy accepts are looked at, so that several earlier ones that cover it
    only together are found, too. (Beyond 50,000 combinations it is taken as reachable.)
    """
    for index, policy in enumerate(policies):
        earlier = [(number, other) for number, other in enumerate(policies[:index]) if _meet(policy, other)]
        taken: set[int] = set()
        names = list(policy)
        combinations = product(*(_accepted(policy, name, earlier) for name in names))
        for looked_at, values in enumerate(islice(combinations, _LOOKED_AT + 1)):
            chosen = next((number for number, other in earlier if _takes(other, names, values)), None)
            if chosen is None or looked_at == _LOOKED_AT:
                break
            taken.add(chosen)
        else:
            yield index, tuple(sorted(taken))


def _accepted(policy: Criteria, name: str, earlier: Sequence[tuple[int, Criteria]]) -> list[Any]:
    """The values to look at: its own, or if it takes any, one that nobody names and then all that are named."""
    if policy[name]:
        return list(policy[name])
    return [_OTHER, *frozenset[Any]().union(*(other[name] for _, other in earlier))]


def _takes(other: Criteria, names: list[str], values: tuple[Any, ...]) -> bool:
    return all(not other[name] or value in other[name] for name, value in zip(names, values, strict=True))


def _meet(one: Criteria, other: Criteria) -> bool:
    return all(not one[name] or not other[name] or one[name] & other[name] for name in one)
