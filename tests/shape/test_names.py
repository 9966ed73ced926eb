"""The rule about class names catches what it is for, and nothing else."""

from tests.shape.names import unique_class_names
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
