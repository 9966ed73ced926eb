"""The two databases of an installation, and an address as our store wants it.

Apart from the stack, which brings Prefect along: whoever only asks the store must not wait for that.
"""

from __future__ import annotations

from deployments.machine.processes import StackError

OUR_DATABASE = "liaison"
PREFECTS_DATABASE = "prefect"


def with_asyncpg(url: str, *, variable: str = "LIAISON_DATABASE_URL") -> str:
    """The address as SQLAlchemy wants it: `postgres://` and `postgresql://` mean asyncpg to us. `variable` is where it
    stands."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.split("+")[0] not in ("postgres", "postgresql"):
        raise StackError(f"{variable} must be a PostgreSQL address: postgresql://user:password@host/database")
    return f"postgresql+asyncpg://{rest}"
