"""One Redmine for the tests of both capabilities: it takes half a minute to start."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.real.redmine.server import RealRedmine, real_redmine


@pytest.fixture(scope="session")
def redmine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealRedmine]:
    with real_redmine(tmp_path_factory.mktemp("redmine")) as server:
        yield server
