"""The home folder is its owner's alone, also where root starts us and PostgreSQL has a user of its own."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.machine.embedded_database import EmbeddedDatabase
from deployments.machine.home import discard_home, make_private
from deployments.machine.postgres_programs import DatabaseError, can_reach, programs_folder, server_user
from deployments.machine.stack import Stack, StackOptions
from tests.deployments.modes import open_to_others

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root starts PostgreSQL as another user")


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_was_open_is_closed(tmp_path: Path):
    """A home of an earlier version, or one that the operator made: nobody else reads it, and programs still run."""
    home = tmp_path / "home"
    (home / "logs").mkdir(parents=True)
    for name, mode in (("key", 0o644), ("logs/worker.log", 0o666), ("tool", 0o755)):
        (home / name).touch()
        (home / name).chmod(mode)
    outside = tmp_path / "outside"
    outside.touch(mode=0o644)
    (home / "link").symlink_to(outside)
    make_private(home)
    assert open_to_others(home) == []
    assert (_mode(home), _mode(home / "key"), _mode(home / "tool")) == (0o700, 0o600, 0o700)
    assert _mode(outside) == 0o644, "what is not in it is not ours"


async def test_what_is_written_while_it_runs_is_private(short_folder: Path):
    """By whomever: the mask is inherited. Afterwards it is as it was."""
    before = os.umask(0o022)
    try:
        home = short_folder / "home"
        async with Stack(StackOptions(home=home, policy=Path("none"), say=print)):
            (home / "by_us").touch()
            child = await asyncio.create_subprocess_exec("touch", str(home / "by_a_child"))
            assert await child.wait() == 0
            assert open_to_others(home) == []
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)


@pytest.fixture
def system_folder() -> Iterator[Path]:
    """A folder of root's that others may pass, as /var/lib is."""
    with tempfile.TemporaryDirectory(prefix="sys") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder) / "liaison"


@as_root
def test_no_folder_is_opened_for_postgresql(short_folder: Path, system_folder: Path):
    """Neither the home nor one above it: the data lies where its user gets to, and the home has a link to it."""
    home = short_folder / "home"
    make_private(home)
    server = EmbeddedDatabase(home / "postgres", system_folder=system_folder)
    server.start()
    try:
        assert server.databases()
        assert [_mode(folder) for folder in (home, short_folder)] == [0o700, 0o700]
        assert server.folder == (home / "postgres").resolve()
        assert server.folder.is_relative_to(system_folder)
        assert [_mode(folder) for folder in (server.folder, server.folder.parent, system_folder)] == [
            0o700,
            0o710,
            0o710,
        ]
        again = EmbeddedDatabase(home / "postgres", system_folder=system_folder)
        assert (again.pid, again.url("x")) == (server.pid, server.url("x"))
    finally:
        server.stop()
    discard_home(home)
    assert list(system_folder.iterdir()) == []


@as_root
def test_data_of_a_version_that_opened_the_way_moves_along(short_folder: Path, system_folder: Path):
    """Its server is stopped for that, and finds everything at the new place."""
    home = short_folder / "home"
    home.mkdir()
    for folder in (home, short_folder):
        folder.chmod(0o711)
    server = EmbeddedDatabase(home / "postgres", system_folder=system_folder)
    server.start()
    server.ensure_database("kept")
    assert not (home / "postgres").is_symlink()
    home.chmod(0o700)
    moved = EmbeddedDatabase(home / "postgres", system_folder=system_folder)
    moved.start()
    try:
        assert "kept" in moved.databases()
        assert (home / "postgres").is_symlink()
    finally:
        moved.stop()


@as_root
def test_data_without_its_link_is_not_taken_for_nothing(short_folder: Path, system_folder: Path):
    """A home that was deleted and made anew: the store is still there, and is neither used nor overwritten."""
    home = short_folder / "home"
    make_private(home)
    server = EmbeddedDatabase(home / "postgres", system_folder=system_folder)
    server.start()
    server.stop()
    shutil.rmtree(home)
    make_private(home)
    with pytest.raises(DatabaseError, match="link it there"):
        EmbeddedDatabase(home / "postgres", system_folder=system_folder).start()


@as_root
def test_programs_behind_a_private_folder_are_copied(
    short_folder: Path, system_folder: Path, monkeypatch: pytest.MonkeyPatch
):
    """Such as root's own home: /root/liaison/.venv."""
    private = short_folder / "site-packages"
    private.mkdir(mode=0o700)
    wheel = programs_folder().parents[1]
    for part in (wheel, wheel.with_name(f"{wheel.name}.libs")):
        if part.exists():
            shutil.copytree(part, private / part.name, symlinks=True)
    monkeypatch.syspath_prepend(str(private))
    owner = server_user()
    assert owner is not None
    assert not can_reach(owner, programs_folder() / "postgres")
    home = short_folder / "home"
    server = EmbeddedDatabase(home / "postgres", system_folder=system_folder)
    server.start()
    try:
        assert server.databases()
        assert _mode(short_folder) == 0o700
    finally:
        server.stop()
