"""What the connectors' tests share."""

from __future__ import annotations

import pytest

from connectors.kit.fakes.certificates import LoopbackCertificate, make_certificate


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> LoopbackCertificate:
    """For official clients, which speak https only."""
    return make_certificate(tmp_path_factory.mktemp("tls"))
