"""A common client of Matrix talks to our fake homeserver as it would to a real one."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from connectors.matrix.fake.app import FakeMatrix
from tests.connectors.served import served
from tests.real.programs import cached_program

pytestmark = pytest.mark.real

PROGRAM = Path(__file__).with_name("client.py")


def test_nio_talks_to_the_fake() -> None:
    python = cached_program("synapse", "bin/python")
    with served(FakeMatrix().app) as address:
        done = subprocess.run(  # noqa: S603
            [python, PROGRAM, address], capture_output=True, text=True, check=False, timeout=120
        )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert {"m.room.create", "m.room.member", "m.room.name", "m.room.topic"} <= set(seen.pop("state"))
    assert seen == {
        "wrong password": "LoginError",
        "login": "LoginResponse",
        "whoami": "@anna:fake.test",
        "created": "RoomCreateResponse",
        "created again": "M_ROOM_IN_USE",
        "alias": True,
        "invited": True,
        "joined": "JoinResponse",
        "same transaction": True,
        "heard": ["RoomMessageText", "RoomMessageText", "ReactionEvent"],
        "the event": "hello",
        "back": 2,
        "members": ["@anna:fake.test", "@boris:fake.test"],
        "topic": "RoomPutStateResponse",
        "topic now": {"topic": "Other"},
        "rooms": True,
        "redacted": "RoomRedactResponse",
        "kicked": "RoomKickResponse",
        "left": "RoomLeaveResponse",
        "sent after": "M_FORBIDDEN",
    }
