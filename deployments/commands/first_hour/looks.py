"""A look at a connection before it is saved: with its credentials, at the other side, changing nothing there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from blocks.connect import open_connector
from blocks.mail import MailBlock
from connectors.kit.mailbox.oauth import MailTokens
from connectors.mail.outgoing.smtp import SmtpSender
from connectors.mail.servers import look_at_servers
from connectors.mail.settings import MailSettings
from deployments.commands.checks.uses import looks
from deployments.commands.first_hour.vendors import Prepared
from incidents.errors import LiaisonError, Unreachable
from incidents.store.database import Database

PATIENCE = 40.0
"""Seconds for one look."""

Look = Callable[[Prepared, Sequence[str]], Awaitable[Sequence[str]]]
"""What it saw, a line each; `keys` are the policy's that will name the connection. Raises `incidents.errors`."""


async def look_at(prepared: Prepared, keys: Sequence[str]) -> Sequence[str]:
    """See `Look`. What keeps its things in our store is looked at by `liaison check`, once there is one."""
    try:
        async with asyncio.timeout(PATIENCE):
            if isinstance(prepared.block, MailBlock):
                return [await _both_servers(prepared.block)]
            return await _asked(prepared, keys)
    except TimeoutError as error:
        raise Unreachable(f"no answer within {PATIENCE:g} s; check the address") from error


async def _asked(prepared: Prepared, keys: Sequence[str]) -> Sequence[str]:
    connector = open_connector(prepared.name, prepared.block, _no_store)
    try:
        told = await connector.check()
        seen = await looks(connector, keys)
    finally:
        await connector.aclose()
    return seen or [told]


async def _both_servers(settings: MailSettings) -> str:
    tokens = MailTokens(settings.oauth)
    smtp = SmtpSender(settings, tokens)
    try:
        return await look_at_servers(settings, tokens, smtp)
    finally:
        await smtp.aclose()


def _no_store() -> Database:
    raise LiaisonError("there is no store yet")
