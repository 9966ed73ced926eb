"""What the connectors' tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import stamina

from connectors.kit.fakes.certificates import LoopbackCertificate, make_certificate


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> LoopbackCertificate:
    """For official clients, which speak https only."""
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(autouse=True)
def without_waits() -> Iterator[None]:
    """What a connector tries again it tries as often, at once: half a second a call that fails would be minutes."""
    with stamina.set_testing(True, attempts=100, cap=True):
        yield


@pytest.fixture
def no_repeats() -> Iterator[None]:
    """Nothing is tried again, for tests that only look how a call ends."""
    with stamina.set_testing(True, attempts=1):
        yield
