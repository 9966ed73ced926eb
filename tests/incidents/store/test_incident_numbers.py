"""How people name an incident."""

from __future__ import annotations

import pytest

from incidents.errors import NotFound
from incidents.store.cases import incident_number


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("INC-1", 1),
        ("INC-42", 42),
        ("inc-42", 42),
        (" Inc-42\n", 42),
        ("INC-007", 7),
        ("INC-999999999999999999", 999_999_999_999_999_999),
    ],
)
def test_a_name_is_read_as_people_type_it(name: str, number: int):
    assert incident_number(name) == number


@pytest.mark.parametrize(
    "name",
    [
        "",
        "42",
        "INC",
        "INC-",
        "INC42",
        "INC 42",
        "INC--42",
        "INC-4.2",
        "INC-4 2",
        "INC-1e3",
        "INC-٤٢",
        "INC-²",
        "INC-0x10",
        "XINC-42",
        "INC-42; drop table incidents",
        "INC-" + "9" * 19,
        "INC-" + "9" * 5000,
    ],
)
def test_what_is_no_name_is_refused_with_an_example(name: str):
    """Never a crash, and never a number too large for the database."""
    with pytest.raises(NotFound, match="named like INC-42") as refusal:
        incident_number(name)
    assert len(str(refusal.value)) < 150
