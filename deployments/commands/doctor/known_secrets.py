"""Every secret that this installation has, as far as it can be asked, for the first sieve (`masking`)."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from prefect.client.orchestration import get_client

from blocks.connect import block_from_json
from deployments.commands import settings
from deployments.commands.check import Surroundings
from deployments.commands.doctor.masking import secrets_of_environment, texts_of
from deployments.commands.doctor.trouble import PATIENCE, TROUBLE
from deployments.gateway.saved_connections import read_saved
from deployments.machine.home import liaison_home
from deployments.machine.prefect_login import FILE as LOGIN_FILE
from incidents.errors import LiaisonError
from incidents.links.signed import keys_in
from incidents.store.connections import Mirror
from incidents.store.database import Database
from incidents.telemetry.confided import secrets_of_settings


@dataclass(kw_only=True)
class KnownSecrets:
    """`has_connections`: whether anybody could say the connections' secrets; else a text of somebody else's, such as a
    log, may have one in it that no sieve knows. `missing`: what could not be had, and why."""

    secrets: list[str] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    has_connections: bool = False


async def known_secrets(where: Surroundings) -> KnownSecrets:
    """Never raises for what cannot be had: a bundle is wanted when things are broken."""
    home = liaison_home(where.home)
    known = KnownSecrets(secrets=list(secrets_of_environment(os.environ)))
    login = _kept(home / LOGIN_FILE, known)
    known.secrets += [login, login.partition(":")[2]]
    keys = [os.environ.get("LIAISON_KEY", ""), _kept(home / "key", known)]
    # During a rotation it holds several.
    known.secrets += [part for key in keys for part in (key, *keys_in(key))]
    key = next(filter(None, keys), "")
    sources: Mapping[str, Callable[[], Awaitable[Mapping[str, str]]]] = {
        "the connections in the store": lambda: _mirrored(where, key),
        "the connections at Prefect": _saved,
    }
    for source, read in sources.items():
        try:
            async with asyncio.timeout(PATIENCE):
                connections = await read()
        except (*TROUBLE, TimeoutError) as error:
            known.missing[source] = f"{type(error).__name__}: {error}"
            continue
        # A mirror that nobody has filled yet knows of none.
        known.has_connections |= bool(connections) or read is _saved
        for name, text in connections.items():
            known.secrets += _secrets_of(name, text, known)
    return known


def _kept(file: Path, known: KnownSecrets) -> str:
    try:
        return file.read_text().strip() if file.is_file() else ""
    except (OSError, ValueError) as error:
        known.missing[str(file)] = f"{type(error).__name__}: {error}"
        return ""


def _secrets_of(name: str, text: str, known: KnownSecrets) -> Iterator[str]:
    """Of settings that are not valid every text is one: which are secret, only valid ones can say."""
    try:
        yield from secrets_of_settings(block_from_json(name, text))
    except (LiaisonError, ValueError) as error:
        # Not its words: a validation's error quotes what it was given.
        known.missing[f"settings of {name}"] = (
            f"they are not valid ({type(error).__name__}): each text in them is masked wherever it stands"
        )
        yield from _texts_of_json(text)


def _texts_of_json(text: str) -> Iterator[str]:
    try:
        yield from texts_of(json.loads(text))
    except ValueError:
        yield text


async def _mirrored(where: Surroundings, key: str) -> Mapping[str, str]:
    database = Database(settings.database_url(where.home))
    try:
        async with database.transaction() as tx:
            return await Mirror(key).load(tx)
    finally:
        await database.aclose()


async def _saved() -> Mapping[str, str]:
    async with get_client() as client:
        return await read_saved(client)
