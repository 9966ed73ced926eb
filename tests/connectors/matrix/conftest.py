"""A fake homeserver and connectors to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import stamina

from connectors.kit.fakes.in_process import InProcessTransport
from connectors.matrix import Matrix, MatrixSettings
from connectors.matrix.fake.app import ANNA, BOT, DEVICE, TOKEN, FakeMatrix

NAME = "matrix/engineering"
HOME = "http://127.0.0.1:8008"


def settings(**more: Any) -> MatrixSettings:
    known = {"base_url": HOME, "user_id": BOT, "access_token": TOKEN, "device_id": DEVICE, "invite": [ANNA]}
    return MatrixSettings.model_validate({**known, "messages_per_minute": 6000, **more})


def connect(fake: FakeMatrix, *, transport: httpx.AsyncBaseTransport | None = None, **more: Any) -> Matrix:
    return Matrix(NAME, settings(**more), transport=transport or InProcessTransport(fake.app))


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    """Retries in place happen, without their pauses."""
    with stamina.set_testing(True, attempts=3):
        yield


@pytest.fixture
def fake() -> FakeMatrix:
    return FakeMatrix()


@pytest.fixture
async def chat(fake: FakeMatrix) -> AsyncIterator[Matrix]:
    matrix = connect(fake)
    yield matrix
    await matrix.aclose()


@pytest.fixture
async def fresh_chat(fake: FakeMatrix) -> AsyncIterator[Matrix]:
    matrix = connect(fake)
    yield matrix
    await matrix.aclose()
