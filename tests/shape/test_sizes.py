"""The rules about sizes catch what they are for, and nothing else."""

import pytest

from tests.shape.sizes import short_files, small_folders
from tests.shape.sources import Source


@pytest.mark.parametrize(("lines", "breaches"), [(400, 0), (401, 1)])
def test_a_file_has_at_most_400_lines(lines, breaches):
    found = list(short_files([Source("incidents/long.py", "x = 1\n" * lines)]))
    assert len(found) == breaches


def test_a_folder_has_at_most_20_modules_side_by_side():
    modules = [Source(f"tasks/deliver/m{number}.py", "") for number in range(20)]
    packages = [Source("tasks/deliver/__init__.py", ""), Source("tasks/deliver/more/m0.py", "")]
    assert list(small_folders([*modules, *packages])) == []
    (found,) = small_folders([*modules, Source("tasks/deliver/one_more.py", "")])
    assert str(found).startswith("tasks/deliver: 21 modules")


def test_folders_of_tests_may_have_more():
    assert list(small_folders([Source(f"tests/stories/m{number}.py", "") for number in range(30)])) == []


def test_a_vendors_block_stands_beside_the_others_however_many_there_are():
    """Only those of connectors that are there: what else is in the folder is counted as anywhere."""
    blocks = [Source(f"blocks/v{number}.py", "") for number in range(21)]
    connectors = [Source(f"connectors/v{number}/settings.py", "") for number in range(21)]
    assert list(small_folders([*blocks, *connectors])) == []
    assert len(list(small_folders(blocks))) == 1
