"""The helpdesk connection a replay comes in by, kept by Prefect like any other."""

from __future__ import annotations

import base64
import secrets

from prefect.exceptions import PrefectException

from blocks.connect import read_block
from blocks.http import HttpBlock
from deployments.replay.columns import FIELDS, mapping
from deployments.replay.failure import ReplayError
from incidents.errors import NotFound, Unreachable

BLOCK = "replay"
CONNECTION = f"http/{BLOCK}"


async def signing_secret() -> bytes:
    """The secret of the connection in Prefect; the connection is made there when it is missing.

    Raises `ReplayError` when Prefect is away, or the block of this name is for something else.
    """
    try:
        block = await read_block(CONNECTION)
    except NotFound:
        block = await _saved()
    except Unreachable as error:
        raise ReplayError(
            f"{error}; start Liaison with `liaison up`, or set PREFECT_API_URL to its Prefect server"
        ) from error
    if not isinstance(block, HttpBlock) or block.webhook is None or block.webhook.ticket != FIELDS:
        raise ReplayError(
            f"the block {CONNECTION} in Prefect does not read this log; delete it, and it is made anew"
        )
    return block.webhook.signing_secrets[0].get_secret_value().encode()


async def _saved() -> HttpBlock:
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
    block = HttpBlock(webhook=mapping(secret))
    try:
        await block.save(BLOCK)
    except (PrefectException, ValueError) as error:  # ValueError: somebody saved one meanwhile
        raise ReplayError(f"Prefect does not keep the block {CONNECTION}: {error}") from error
    return block
