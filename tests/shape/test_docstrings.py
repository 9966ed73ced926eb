"""The rule about docstrings catches what it is for; what is told elsewhere it passes over."""

from pathlib import Path

import pytest

from tests.shape.docstrings import EXCEPTIONS, Exemption, documented, without_words
from tests.shape.sources import PRODUCT, Source, read_sources


def breaches(code: str, *more: Source, path: str = "tasks/one.py") -> list[str]:
    source = Source(path, f'"""What it is."""\n{code}')
    return [str(found).partition(" has ")[0] for found in documented([source, *more])]


@pytest.mark.parametrize(
    "code",
    [
        "def go(): ...",
        "async def go(): ...",
        "class go: ...",
        'class go:\n    """Goes."""\n\n    def there(self): ...',
        'class go:\n    """Goes."""\n\n    @property\n    def there(self): ...',
    ],
)
def test_what_is_public_and_says_nothing_is_a_breach(code):
    (found,) = breaches(code)
    assert "go" in found


@pytest.mark.parametrize(
    "code",
    [
        'def go():\n    """Go."""',
        "def _go(): ...",
        "class _Go:\n    def there(self): ...",
        'def go():\n    """Go."""\n\n    def inner(): ...',
        'class Go:\n    """Goes."""\n\n    def __init__(self): ...',
    ],
)
def test_what_says_something_or_is_private_is_none(code):
    assert breaches(code) == []


def test_a_method_that_a_base_class_of_ours_tells_of_needs_no_words_of_its_own():
    port = Source(
        "incidents/ports.py",
        '"""Ports."""\nclass Pager(Protocol):\n    """A pager."""\n\n    def page(self):\n        """Wake."""\n\n'
        "    def mute(self): ...\n",
    )
    between = Source("connectors/kit/one.py", '"""One."""\nclass Between(ports.Pager):\n    """Between."""\n')
    vendor = (
        'class Vendor(Between):\n    """A vendor."""\n\n    def page(self): ...\n\n    def mute(self): ...\n'
    )
    found = breaches(vendor, port, between, path="connectors/vendor/one.py")
    assert found == ["connectors/vendor/one.py:7: Vendor.mute", "incidents/ports.py:8: Pager.mute"]


def test_base_classes_in_a_circle_end():
    assert len(breaches('class A(A):\n    """A."""\n\n    def go(self): ...\n')) == 1


def test_a_module_opens_with_what_it_is():
    assert len(list(documented([Source("tasks/one.py", "X = 1\n")]))) == 1
    assert list(documented([Source("tasks/__init__.py", "")])) == []


def test_tests_and_benches_name_themselves():
    assert (
        list(documented([Source("tests/one.py", "def go(): ...\n"), Source("bench/one.py", "X = 1\n")])) == []
    )


@pytest.mark.parametrize(
    "code",
    [
        'class Mine(httpx.AsyncBaseTransport):\n    """M."""\n\n    async def handle_async_request(self, request): ...',
        'class Mine:\n    """M."""\n\n    async def aclose(self): ...',
    ],
)
def test_exceptions_cover_what_is_told_elsewhere(code):
    assert breaches(code) == []


def test_an_exception_covers_nothing_else():
    method = 'class Mine(Other):\n    """M."""\n\n    async def handle_async_request(self, request): ...'
    assert len(breaches(method)) == 1
    only = Exemption(name="Mine.go", base="Bases", reason="a test's")
    source = Source("tasks/one.py", '"""One."""\nclass Mine(Base):\n    """M."""\n\n    def go(self): ...')
    assert len(list(documented([source], [only]))) == 1


def test_each_exception_has_a_reason():
    assert all(len(each.reason.split()) >= 2 for each in EXCEPTIONS)


def test_an_exception_for_some_files_covers_no_others():
    code = "def upgrade(): ...\n"
    assert breaches(code, path="incidents/store/migrations/versions/0009_more.py") == []
    assert len(breaches(code, path="incidents/store/more.py")) == 1


def test_each_exception_is_needed():
    product = [one for one in read_sources(Path(__file__).parents[2]) if one.package in PRODUCT]
    silent = list(without_words(product))
    for each in EXCEPTIONS:
        others = [one for one in EXCEPTIONS if one is not each]
        assert any(each.covers(one) and not any(other.covers(one) for other in others) for one in silent), (
            f"nothing needs the exception any more: {each.reason}"
        )
