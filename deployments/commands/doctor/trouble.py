"""What may go wrong with a part of a support bundle without the rest being lost."""

from __future__ import annotations

import asyncpg
import httpx
from prefect.exceptions import PrefectException
from sqlalchemy.exc import SQLAlchemyError

from incidents.errors import LiaisonError

PATIENCE = 60.0
"""Seconds a part."""
TROUBLE = (
    LiaisonError,
    SQLAlchemyError,
    # Raw where it happens on connecting: a wrong password, no such database.
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    PrefectException,
    httpx.HTTPError,
    OSError,
    RuntimeError,
    ValueError,
)
"""ValueError and RuntimeError: how Prefect's client reports settings and servers it cannot use."""
