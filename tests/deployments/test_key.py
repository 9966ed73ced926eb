"""`liaison key rotate`: what the old key wrote is read until it is dropped, and then all is under the new one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from deployments.commands.key import NotNow, RotationStep, rotate
from incidents.errors import LiaisonError
from incidents.links.board_links import board_token, read_board_token
from incidents.links.signed import is_signed, signature
from incidents.rotas.page_replies import notice_of_reply, reply_token
from incidents.store.connections import Mirror, WrongKey
from incidents.store.database import Database
from insights.learning import CannotLearn
from insights.training.packed import older_keys, packed, signing_key, unpacked
from tests.insights.store.test_models import Toy

NOW = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.fixture
async def home(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With a key in it, and a connection in the mirror that was written under it."""
    monkeypatch.setenv("LIAISON_DATABASE_URL", database.url)
    monkeypatch.delenv("LIAISON_KEY", raising=False)
    old = Fernet.generate_key().decode()
    (tmp_path / "key").write_text(old)
    async with database.transaction() as tx:
        await Mirror(old).save(tx, {"zendesk/a": "{}"}, now=NOW)
    return tmp_path


async def read(database: Database, key: str) -> dict[str, str]:
    async with database.transaction() as tx:
        return dict(await Mirror(key).load(tx))


async def test_from_an_old_key_to_a_new_one(home: Path, database: Database):
    """Settings, links and models of before are read in between; afterwards the old key opens nothing."""
    old = (home / "key").read_text()
    link, reply = board_token(old, "ana", now=NOW), reply_token(old, 17)
    model = packed(Toy(42), key=signing_key(old))
    added = (await rotate(home, RotationStep.ADD)).keys
    assert await read(database, added) == {"zendesk/a": "{}"}
    assert signature(added, "a", "b") == signature(old, "a", "b"), "the old one signs"
    both = (await rotate(home, RotationStep.USE)).keys
    assert (home / "key").read_text() == both
    assert (home / "key").stat().st_mode & 0o777 == 0o600
    assert await read(database, both) == await read(database, old) == {"zendesk/a": "{}"}
    assert read_board_token(both, link) is not None
    assert notice_of_reply(both, [f"{reply}@acme.example"]) == 17
    assert notice_of_reply(old, [f"{reply_token(both, 17)}@acme.example"]) is None
    assert unpacked(model, Toy, key=signing_key(both), older=older_keys(both)) == Toy(42)
    assert read_board_token(old, board_token(both, "ana", now=NOW)) is None, "the new one signs"

    rotated = await rotate(home, RotationStep.FORGET)
    new = (home / "key").read_text()
    assert (rotated.connections, rotated.keys) == (1, new)
    assert both == f"{new},{old}"
    assert await read(database, new) == {"zendesk/a": "{}"}
    with pytest.raises(WrongKey):
        await read(database, old)
    assert read_board_token(new, link) is None
    assert read_board_token(new, board_token(both, "ana", now=NOW + timedelta(days=1))) is not None
    with pytest.raises(CannotLearn, match="another LIAISON_KEY"):
        unpacked(model, Toy, key=signing_key(new), older=older_keys(new))


async def test_where_the_environment_has_the_key_the_new_one_is_told(
    home: Path, monkeypatch: pytest.MonkeyPatch
):
    """No file is touched: it is nobody's."""
    before = (home / "key").read_text()
    monkeypatch.setenv("LIAISON_KEY", before)
    rotated = await rotate(home, RotationStep.ADD)
    assert rotated.file is None
    assert rotated.keys.startswith(f"{before},next:")
    assert (home / "key").read_text() == before


async def test_whoever_was_started_last_and_whoever_was_not_yet_read_each_other(
    home: Path, database: Database
):
    """On several machines: between any step and the one before, and so while they are started one after the other."""
    states = [(home / "key").read_text(), *[(await rotate(home, step)).keys for step in RotationStep]]
    assert len({signature(state, "a", "b") for state in states}) == 2
    for before, after in pairwise(states):
        for writer, reader in ((before, after), (after, before)):
            async with database.transaction() as tx:
                await Mirror(writer).save(tx, {"zendesk/a": "{}"}, now=NOW)
            assert await read(database, reader) == {"zendesk/a": "{}"}
            assert is_signed(reader, "a", "b", signature(writer, "a", "b"))


async def test_a_step_out_of_turn_is_refused(home: Path):
    """And nothing is changed by it."""

    async def refused(step: RotationStep, words: str) -> None:
        before = (home / "key").read_text()
        with pytest.raises(NotNow, match=words):
            await rotate(home, step)
        assert (home / "key").read_text() == before

    await refused(RotationStep.USE, "no new key waits")
    await rotate(home, RotationStep.ADD)
    await refused(RotationStep.ADD, "waits already")
    await refused(RotationStep.FORGET, "not in use yet")
    await rotate(home, RotationStep.USE)
    await refused(RotationStep.USE, "no new key waits")


async def test_without_a_key_there_is_nothing_to_rotate(home: Path):
    (home / "key").unlink()
    with pytest.raises(LiaisonError, match="LIAISON_KEY is not set"):
        await rotate(home, RotationStep.ADD)


async def test_a_key_of_another_installation_changes_nothing(home: Path, database: Database):
    """What cannot be read is not dropped."""
    (home / "key").write_text(f"{Fernet.generate_key().decode()},{Fernet.generate_key().decode()}")
    before = (home / "key").read_text()
    with pytest.raises(WrongKey):
        await rotate(home, RotationStep.FORGET)
    assert (home / "key").read_text() == before
