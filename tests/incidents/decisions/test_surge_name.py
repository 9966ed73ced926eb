"""A surge's name is read back as it was written."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.decisions.surges.surge_name import SurgeName

VALUES = st.text(min_size=1, max_size=30).filter(lambda value: "=" not in value)
GROUPS = st.lists(st.tuples(st.sampled_from(["service", "symptom", "tier"]), VALUES), min_size=1, max_size=3)
SINCE = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)


@given(group=GROUPS)
def test_it_is_read_back(group: list[tuple[str, str]]):
    """Also values of several words, lines, and words like times."""
    name = SurgeName(group=tuple(group), since=SINCE)
    assert SurgeName.read(str(name)) == name


def test_its_words():
    name = SurgeName.read("surge service=checkout tier=very gold 2026-11-22T14:30")
    assert name.group == (("service", "checkout"), ("tier", "very gold"))
    assert name.words == "service=checkout tier=very gold"
    assert name.since == SINCE


@pytest.mark.parametrize("name", ["", "surge", "surge service=checkout", "surge service=checkout soon"])
def test_what_is_no_name(name: str):
    with pytest.raises(ValueError, match="Invalid isoformat"):
        SurgeName.read(name)
