"""The rules about names catch what they are for, and nothing else."""

import pytest

from tests.shape.names import named_type_variables, unique_class_names
from tests.shape.sources import Source


def test_a_public_class_name_stands_for_one_thing_in_the_whole_product():
    one = Source("incidents/models.py", "class Report:\n    pass\n")
    two = Source("connectors/kit/reports.py", "X = 1\n\n\nclass Report:\n    pass\n")
    (found,) = unique_class_names([one, two])
    assert (found.path, found.line) == ("connectors/kit/reports.py", 4)
    assert "incidents/models.py:1" in str(found)


def test_private_classes_and_those_of_tests_may_share_a_name():
    sources = [Source(f"{where}/one.py", "class _Row:\n    pass\n") for where in ("incidents", "tasks")]
    sources += [
        Source(f"{where}/one.py", "class Row:\n    pass\n") for where in ("tests", "bench", "insights")
    ]
    assert list(unique_class_names(sources)) == []


@pytest.mark.parametrize(
    "line", ['T = TypeVar("T")', 'P = typing.ParamSpec("P")', 'T = TypeVar("T", bound=Model)']
)
def test_a_type_variable_of_one_letter_says_nothing(line):
    (found,) = named_type_variables([Source("tasks/one.py", line)])
    assert found.line == 1


@pytest.mark.parametrize("line", ['Capability = TypeVar("Capability")', 'X = str("X")', "T = TypeVar(name)"])
def test_a_type_variable_with_a_name_does(line):
    assert list(named_type_variables([Source("tasks/one.py", line)])) == []
