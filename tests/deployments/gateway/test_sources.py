"""Which connections are served: what Prefect has, and what it last had while it is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial

import pytest
from cryptography.fernet import Fernet
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, PREFECT_SERVER_ALLOW_EPHEMERAL_MODE, temporary_settings
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from deployments.gateway.notices import Notices
from deployments.gateway.saved_connections import PAGE, read_saved
from deployments.gateway.serve import open_gateway
from deployments.gateway.sources import Sources
from incidents.errors import Forged
from incidents.store.connections import Mirror, WrongKey
from incidents.store.database import Database
from tests.deployments.gateway.conftest import until
from tests.deployments.gateway.prefect_api import PrefectApi
from tests.deployments.gateway.vendors import (
    HTTP,
    NOW,
    OTHER_SECRET,
    SECRET,
    SETTINGS,
    http_settings,
    sign_standard,
)

Open = Callable[..., Sources]
CLOSED_PORT = "http://127.0.0.1:1/api"


@pytest.fixture
def prefect() -> PrefectApi:
    """A Prefect that is there."""
    return PrefectApi(SETTINGS)


@pytest.fixture
async def open_sources(database: Database, key: str, prefect: PrefectApi) -> AsyncIterator[Open]:
    """Sources as a gateway has them right after its start; each call is another start."""
    async with prefect.connect() as client:

        def open_(*, key: str = key, **how: float) -> Sources:
            return Sources(database, Mirror(key), Notices(), read=partial(read_saved, client), **how)

        yield open_


def _accepts(sources: Sources, secret: str, name: str = HTTP.connection) -> bool:
    source = sources.get(name)
    if source is None:
        return False
    try:
        source.verify(sign_standard(HTTP.event, secret=secret), HTTP.event, now=NOW)
    except Forged:
        return False
    return True


async def _mirrored(database: Database) -> dict[str, bytes]:
    async with database.transaction() as tx:
        rows = await tx.execute(text("select name, settings from connections"))
        return {row.name: row.settings for row in rows}


async def test_what_is_saved_is_served(open_sources: Open):
    """All vendors, with the secrets Prefect keeps."""
    sources = open_sources()
    await sources.load()
    assert sources.is_loaded
    assert all(sources.get(name) is not None for name in SETTINGS)
    assert _accepts(sources, SECRET)


async def test_more_than_a_page_of_connections(open_sources: Open, prefect: PrefectApi):
    """Prefect hands blocks out in pages; the last of many is served like the first."""
    more = dict.fromkeys((f"http/desk-{number}" for number in range(PAGE + 1)), http_settings())
    prefect.settings = more
    sources = open_sources()
    await sources.load()
    assert all(sources.get(name) is not None for name in more)


async def test_the_mirror_shows_no_secret(open_sources: Open, database: Database):
    """Whoever gets the database alone can sign nothing."""
    await open_sources().load()
    mirrored = await _mirrored(database)
    assert set(mirrored) == set(SETTINGS)
    assert not any(SECRET.encode() in settings for settings in mirrored.values())


async def test_a_start_while_prefect_is_away(open_sources: Open, prefect: PrefectApi):
    """The connections last read serve on: intake does not hang on Prefect."""
    await open_sources().load()
    prefect.is_away = True
    sources = open_sources()
    await sources.load()
    assert sources.is_loaded
    assert _accepts(sources, SECRET)


async def test_a_start_with_nobody_at_prefect_s_address(database: Database, key: str):
    """The same with Prefect's own client and a port where nobody listens."""
    async with database.transaction() as tx:
        await Mirror(key).save(tx, SETTINGS, now=NOW)
    away = {PREFECT_API_URL: CLOSED_PORT, PREFECT_SERVER_ALLOW_EPHEMERAL_MODE: False}
    with temporary_settings(away):
        async with open_gateway(database, key, connect=get_client) as gateway:
            assert _accepts(gateway._sources, SECRET)


async def test_nothing_read_and_nothing_mirrored(open_sources: Open, prefect: PrefectApi):
    """The very first start, and Prefect is not up yet: not ready, and looking again soon."""
    prefect.is_away = True
    sources = open_sources(refresh_every=0.01)
    await sources.load()
    assert not sources.is_loaded
    prefect.is_away = False
    refreshing = asyncio.create_task(sources.keep_fresh())
    await until(lambda: sources.is_loaded)
    refreshing.cancel()
    assert _accepts(sources, SECRET)


async def test_no_connection_at_all_is_an_answer(open_sources: Open, prefect: PrefectApi):
    """A new installation knows that it has none, and is ready."""
    prefect.settings = {}
    sources = open_sources()
    await sources.load()
    assert sources.is_loaded


async def test_an_edited_block(open_sources: Open, prefect: PrefectApi):
    """A rotated secret takes over with the next refresh."""
    sources = open_sources()
    await sources.load()
    prefect.settings["http/desk"] = http_settings(OTHER_SECRET)
    await sources.load()
    assert _accepts(sources, OTHER_SECRET)
    assert not _accepts(sources, SECRET)


async def test_a_deleted_block(open_sources: Open, prefect: PrefectApi, database: Database):
    """Perhaps its secret leaked: it must not come back from the mirror with the next start."""
    sources = open_sources()
    await sources.load()
    del prefect.settings["http/desk"]
    await sources.load()
    assert sources.get("http/desk") is None
    assert "http/desk" not in await _mirrored(database)
    prefect.is_away = True
    restarted = open_sources()
    await restarted.load()
    assert restarted.get("http/desk") is None


async def test_the_mirror_cannot_be_written(
    open_sources: Open, prefect: PrefectApi, database: Database, empty_database: Database
):
    """What Prefect has is served all the same, and mirrored as soon as that works; or forgotten, if deleted."""
    sources = open_sources()
    sources._database = empty_database
    with pytest.raises(DBAPIError):
        await sources.load()
    assert _accepts(sources, SECRET)
    del prefect.settings["http/other"]
    sources._database = database
    await sources.load()
    assert sources.get("http/other") is None
    assert set(await _mirrored(database)) == set(prefect.settings)


async def test_an_unusable_block_silences_nobody(
    open_sources: Open, prefect: PrefectApi, database: Database, caplog: pytest.LogCaptureFixture
):
    """Not even itself: what was valid a minute ago serves on until an operator mends the block."""
    sources = open_sources()
    await sources.load()
    prefect.settings["http/desk"] = '{"webhook":{"signing_secrets":["short-canary"]}}'
    prefect.settings["http/new"] = http_settings()
    await sources.load()
    assert _accepts(sources, SECRET)
    assert _accepts(sources, SECRET, "http/new")
    assert "http/desk" in await _mirrored(database)
    assert "connection http/desk cannot be used" in caplog.text
    assert "short-canary" not in caplog.text


async def test_unusable_from_the_start(open_sources: Open, prefect: PrefectApi):
    """One bad block must not keep the gateway from starting."""
    prefect.settings["http/desk"] = "{}"
    prefect.settings["zendesk/support"] = "{}"
    sources = open_sources()
    await sources.load()
    assert sources.is_loaded
    assert sources.get("zendesk/support") is None
    assert sources.get("slack/engineering") is not None


async def test_an_unusable_row_of_the_mirror(
    open_sources: Open, database: Database, key: str, prefect: PrefectApi
):
    """Written by an older version, for instance: the others serve."""
    async with database.transaction() as tx:
        await Mirror(key).save(tx, {**SETTINGS, "zendesk/support": "{}", "gone/vendor": "{}"}, now=NOW)
    prefect.is_away = True
    sources = open_sources()
    await sources.load()
    assert sources.get("zendesk/support") is None
    assert _accepts(sources, SECRET)


async def test_another_key_while_prefect_is_away(open_sources: Open, prefect: PrefectApi):
    """There is nothing to serve, and the message has the cure."""
    await open_sources().load()
    prefect.is_away = True
    with pytest.raises(WrongKey, match="LIAISON_KEY"):
        await open_sources(key=Fernet.generate_key().decode()).load()


async def test_another_key_while_prefect_is_there(open_sources: Open, prefect: PrefectApi):
    """Prefect has all that is needed; the mirror is written anew."""
    await open_sources().load()
    key = Fernet.generate_key().decode()
    await open_sources(key=key).load()
    prefect.is_away = True
    restarted = open_sources(key=key)
    await restarted.load()
    assert _accepts(restarted, SECRET)


async def test_prefect_does_not_answer(open_sources: Open, prefect: PrefectApi):
    """A sender is not kept waiting while we look for its connection."""
    sources = open_sources(look_seconds=0.02)
    prefect.is_silent = True
    assert await sources.look_for("http/desk") is None
    prefect.is_silent = False
    await sources.load()
    assert sources.get("http/desk") is not None


async def test_the_refresh_outlives_outages(
    open_sources: Open, prefect: PrefectApi, empty_database: Database
):
    """Neither an absent Prefect nor an absent store ends it; the old connections serve on meanwhile."""
    sources = open_sources(refresh_every=0.01)
    await sources.load()
    sources._database, database = empty_database, sources._database
    refreshing = asyncio.create_task(sources.keep_fresh())
    prefect.requests.clear()
    await until(lambda: len(prefect.requests) > 10)
    prefect.is_away = True
    prefect.requests.clear()
    await until(lambda: len(prefect.requests) > 2)
    assert _accepts(sources, SECRET)
    sources._database = database
    prefect.settings["http/desk"] = http_settings(OTHER_SECRET)
    prefect.is_away = False
    await until(lambda: _accepts(sources, OTHER_SECRET))
    refreshing.cancel()


async def test_prefect_answers_nonsense(open_sources: Open):
    """A proxy's login page is no answer of Prefect's: serve on."""

    class Nonsense:
        async def read_block_documents_by_type(self, *_: object, **__: object) -> list[object]:
            raise ValueError("Expecting value: line 1 column 1")

    sources = open_sources()
    await sources.load()
    sources._read = partial(read_saved, Nonsense())  # type: ignore[arg-type]
    await sources.load()
    assert _accepts(sources, SECRET)
