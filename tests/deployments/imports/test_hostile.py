"""Any answer, however wrong: what is made of it loads, or it is refused; nothing else is raised."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incidents.errors import Refused
from incidents.imports.report import Imported
from incidents.policy.file import parse_policy
from tests.deployments.imports.dispatch import test_import as dispatch
from tests.deployments.imports.grafana_oncall import organisation as oncall
from tests.deployments.imports.opsgenie import account as opsgenie

Spot = tuple[str, tuple[str | int, ...]]
STRANGE: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        [
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "0001-01-01T00:00:00",
            "9999-12-31T23:59:59",
            "2026-10-25T02:30:00+02:00",
            "2026-10-25T00:59:59Z",
            "Pacific/Kiritimati",
            "America/Sao_Paulo",
            "right/UTC",
            "../../etc/passwd",
            "localtime",
            "hourly",
            "daily",
            "monthly",
            "single_event",
            "recurrent_event",
            "override",
            "team",
            "escalation",
            "\x00",
            "\ud800",
            "x" * 5000,
            10**30,
            86_400,
            600_000,
        ]
    ),
    st.just([]),
    st.just({}),
    st.just([{}]),
    st.just(["MO", "SU"]),
)


def spots(files: dict[str, Any]) -> list[Spot]:
    """Every place in every file."""

    def within(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
        yield path
        if isinstance(value, dict):
            for key, inner in value.items():
                yield from within(inner, (*path, key))
        elif isinstance(value, list):
            for number, inner in enumerate(value):
                yield from within(inner, (*path, number))

    return [(name, path) for name, content in files.items() for path in within(content, ()) if path]


def changed(files: dict[str, Any], changes: list[tuple[Spot, Any]]) -> dict[str, Any]:
    """The files with these places otherwise; one that an earlier change took away stays away."""
    files = copy.deepcopy(files)
    for (name, path), value in changes:
        place = files[name]
        for step in path[:-1]:
            place = place[step] if _has(place, step) else None
        if _has(place, path[-1]):
            place[path[-1]] = value
    return files


def _has(place: Any, step: str | int) -> bool:
    if isinstance(place, dict):
        return step in place
    return isinstance(place, list) and isinstance(step, int) and step < len(place)


def _dispatch(folder: Path, files: dict[str, Any]) -> Imported:
    made = dispatch.imported(folder, files).policy
    return made if made.text else opsgenie.imported(folder / "instead", opsgenie.account())


TOOLS: list[tuple[Callable[[Path, dict[str, Any]], Imported], dict[str, Any]]] = [
    (opsgenie.imported, opsgenie.account()),
    (oncall.imported, oncall.organisation()),
    (_dispatch, dispatch.organisation()),
]


@pytest.mark.parametrize(("read", "files"), TOOLS, ids=["opsgenie", "grafana-oncall", "dispatch"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_answer(
    read: Callable[[Path, dict[str, Any]], Imported], files: dict[str, Any], data: st.DataObject
):
    places = spots(files)
    changes = data.draw(st.lists(st.tuples(st.sampled_from(places), STRANGE), min_size=1, max_size=4))
    with tempfile.TemporaryDirectory() as folder:
        try:
            made = read(Path(folder), changed(files, changes))
        except Refused:
            return
        parse_policy(made.text)
        assert not any(sign in line.text for line in made.lines for sign in "\n\r\x00\x1b\u2028\u202e")
