"""Dumping and loading one PostgreSQL database with the wheel's `pg_dump` and `pg_restore`.

A dump is one snapshot of its database, taken while everybody works. It loads into the same or a later major version.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryFile

from sqlalchemy import make_url

from deployments.machine.postgres_programs import DatabaseError, programs_folder


def dump(url: str, file: Path) -> None:
    """Write the database at this address of SQLAlchemy's into `file`. Raises `DatabaseError`."""
    _run("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", f"--file={file}")


def load(url: str, file: Path) -> None:
    """Load a dump into an empty database: all of it or nothing. Raises `DatabaseError`."""
    name = make_url(url).database or ""
    options = ("--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error")
    _run("pg_restore", url, *options, f"--dbname={name}", str(file))


def _run(program: str, url: str, *arguments: str) -> None:
    command = [str(programs_folder() / program), *arguments]
    with TemporaryFile() as output:
        finished = subprocess.run(  # noqa: S603  # a program of the wheel, arguments of our own
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=_environment(url),
        )
        output.seek(0)
        words = output.read().decode(errors="replace").strip()
    if finished.returncode != 0:
        raise DatabaseError(f"{program} failed ({finished.returncode}): {words[-2000:]}")


def _environment(url: str) -> Mapping[str, str]:
    """Not on the command line, which everybody on the machine can read."""
    address = make_url(url)
    host = address.query.get("host") or address.host
    given = {
        "PGHOST": host if isinstance(host, str) else None,
        "PGPORT": str(address.port) if address.port else None,
        "PGUSER": address.username,
        "PGPASSWORD": address.password,
        "PGDATABASE": address.database,
    }
    return {**os.environ, **{name: value for name, value in given.items() if value}}
