"""The rule about catching everything catches what it is for, and nothing else."""

import pytest

from tests.shape.excepts import reasoned_excepts
from tests.shape.sources import Source

CAUGHT = [
    "except Exception:",
    "except BaseException as error:",
    "except:",
    "except (ValueError, Exception):",
    "except Exception:  # noqa: BLE001",
]
PASSED = [
    "except ValueError:",
    "except Exception:  # noqa: BLE001 - a driver raises anything, and the answer is the same",
    "# A driver raises anything, and the answer is the same.\nexcept Exception:",
    "except Exception:\n    # A driver raises anything, and the answer is the same.",
]


def handling(line: str, body: str = "    pass") -> Source:
    return Source("incidents/one.py", f"try:\n    work()\n{line}\n{body}\n")


@pytest.mark.parametrize("line", CAUGHT)
def test_catching_everything_without_a_reason_is_a_breach(line):
    (found,) = reasoned_excepts([handling(line)])
    assert found.line == 3


@pytest.mark.parametrize("line", PASSED)
def test_a_reason_beside_it_is_enough_and_narrow_ones_need_none(line):
    assert list(reasoned_excepts([handling(line)])) == []


def test_who_cleans_up_and_passes_on_needs_no_reason():
    assert list(reasoned_excepts([handling("except BaseException:", "    close()\n    raise")])) == []
    assert len(list(reasoned_excepts([handling("except BaseException as e:", "    raise Lost from e")]))) == 1
