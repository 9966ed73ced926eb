"""The folder that a page is written into: one file whole or not at all, one writer at a time, and never a stranger's.

A file called `.liaison-status-page` says whose the folder is. A folder without it that is not empty, and one that is
somebody else's, is told and left as it is.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import secrets
import stat
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from incidents.errors import Busy, NotAllowed, Unreachable

MARKER = ".liaison-status-page"
_NEW = ".liaison-new-"
_LOCK = ".liaison-lock"
# A fresh file system has it at its root.
_NOBODYS = frozenset({"lost+found"})
_PATIENCE, _LOOK_EVERY = 10.0, 0.05


class PageFolder:
    """One folder, for the page of one connection of one installation."""

    def __init__(self, path: str, *, name: str) -> None:
        self._path = Path(path)
        self._name = name

    @asynccontextmanager
    async def taken(self, owner: str) -> AsyncIterator[TakenFolder]:
        """The folder for this writer alone, made if it is not there.

        Raises `NotAllowed` for one that is not ours or cannot be written, so that an operator mends it, and `Busy` when
        somebody else writes for long.
        """
        with _told(self._path):
            await asyncio.to_thread(self._claim, owner)
            lock = os.open(self._path / _LOCK, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            with _told(self._path):
                await self._wait_for(lock)
                # Two that claimed an empty folder at once: the marker that is there now is the one that counts.
                await asyncio.to_thread(self._claim, owner)
            yield TakenFolder(self._path)
        finally:
            os.close(lock)

    async def closed(self) -> Path | None:
        """The folder, or one above it, that not everybody may enter: a web server with another user might not."""
        with _told(self._path):
            return await asyncio.to_thread(self._closed)

    def _closed(self) -> Path | None:
        way = (self._path, *self._path.parents)
        return next((one for one in way if not one.stat().st_mode & stat.S_IXOTH), None)

    async def read(self, name: str) -> bytes | None:
        """The file as anybody reads it now; None where there is none. `name` is one of ours."""
        with _told(self._path):
            return await asyncio.to_thread(_read, self._path / name)

    def _claim(self, owner: str) -> None:
        wanted = {"connection": self._name, "installation": owner}
        if not self._path.is_dir():
            if not self._path.parent.is_dir():
                raise NotAllowed(f"{self._path.parent} is not there: make the folder for the status page")
            self._path.mkdir(exist_ok=True)
            # Whatever our umask, which is private where `liaison up` runs: a web server with another user enters it.
            self._path.chmod(0o755)
        marker = _read(self._path / MARKER)
        if marker is None:
            others = [
                one.name
                for one in self._path.iterdir()
                if one.name not in _NOBODYS | {_LOCK} and not _is_new(one)
            ]
            # Somebody else may have claimed it in this very moment: then the marker says whose it is.
            marker = _read(self._path / MARKER)
            if marker is None and others:
                raise NotAllowed(
                    f"{self._path} has files that are not the status page's ({sorted(others)[0]!r}): nothing is"
                    " written; give it an empty folder"
                )
        if marker is None:
            _write(self._path, MARKER, (json.dumps(wanted) + "\n").encode(), mode=0o644)
            return
        try:
            said = json.loads(marker)
        except ValueError:
            said = None
        if not isinstance(said, dict) or not said.keys() >= wanted.keys():
            raise NotAllowed(
                f"{self._path / MARKER} cannot be read, so nobody knows whose the folder is: nothing is written;"
                " if it is this page's, delete that file and all others there"
            )
        if any(said[key] != value for key, value in wanted.items()):
            raise NotAllowed(
                f"{self._path} is the folder of {str(said['connection'])[:80]} of the installation"
                f" {str(said['installation'])[:20]}: nothing is written; give each page a folder of its own, or empty"
                " it if that one is no more"
            )

    async def _wait_for(self, lock: int) -> None:
        """Not in a thread that waits: whoever is cancelled there would get the lock later, and keep it."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _PATIENCE
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if loop.time() > until:
                    raise Busy(f"somebody else writes {self._path}", retry_after=1.0) from None
                await asyncio.sleep(_LOOK_EVERY)
            else:
                return


class TakenFolder:
    """A folder that nobody else writes while we have it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def write(self, files: Mapping[str, bytes]) -> list[str]:
        """Write those that are not there as they should be, in this order, each whole; returns their names.

        Raises `NotAllowed` where we may not write, `Unreachable` where we cannot (the disk is full).
        """
        with _told(self._path):
            return await asyncio.to_thread(self._write_all, files)

    def _write_all(self, files: Mapping[str, bytes]) -> list[str]:
        for left in self._path.iterdir():
            if _is_new(left):  # of a writer that died
                left.unlink(missing_ok=True)
        changed = [name for name, content in files.items() if _read(self._path / name) != content]
        for name in changed:
            _write(self._path, name, files[name], mode=0o644)
        return changed


def _is_new(path: Path) -> bool:
    return path.name.startswith(_NEW)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _write(folder: Path, name: str, content: bytes, *, mode: int) -> None:
    """On disk under another name first, then in one step under its own: a reader has the old one or the new one."""
    new = folder / f"{_NEW}{secrets.token_hex(6)}"
    file = os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(file, "wb") as out:
            # Whatever our umask: a web server with another user reads it.
            os.fchmod(out.fileno(), mode)
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        new.replace(folder / name)
    except BaseException:
        with contextlib.suppress(OSError):
            new.unlink()
        raise
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """The file system's refusals as ours; whatever was written is written again by the next attempt."""
    try:
        yield
    except PermissionError as error:
        raise NotAllowed(
            f"{error.filename or path} may not be written: give the user that runs Liaison the right to"
        ) from error
    except OSError as error:
        raise Unreachable(f"{path} cannot be written: {error.strerror or type(error).__name__}") from error
