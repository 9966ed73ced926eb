"""What is heard comes into the inbox as webhooks do: once, whatever is killed or away in between."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from sqlalchemy import text

from blocks.connect import settings_json
from blocks.mail import MailBlock
from connectors.kit.fakes.faults import FaultKind
from connectors.mail.fake.app import FakeMailServer, MailPorts
from deployments.gateway.app import Gateway
from deployments.gateway.hearing.listening import ListeningPacing
from deployments.gateway.serve import open_gateway
from incidents.store.database import Database
from tests.connectors.mail.world import a_mail, mail_settings
from tests.deployments.gateway.conftest import PACE, Store, until
from tests.deployments.gateway.prefect_api import PrefectApi

NAME = "mail/support"
QUICK = ListeningPacing(look=0.01, retry=0.01, longest_retry=0.02)
PATIENCE = 20.0
Open = Callable[[], AbstractAsyncContextManager[Gateway]]


@pytest.fixture
def server() -> FakeMailServer:
    return FakeMailServer()


@pytest.fixture
async def ports(server: FakeMailServer) -> AsyncIterator[MailPorts]:
    async with server.serving() as ports:
        yield ports


@pytest.fixture
def prefect(ports: MailPorts) -> PrefectApi:
    settings = mail_settings({"imap_port": ports.imap, "smtp_port": ports.smtp}, look_seconds=1)
    return PrefectApi({NAME: settings_json(MailBlock(**dict(settings)))})


@pytest.fixture
def opened(database: Database, key: str, prefect: PrefectApi) -> Open:
    @asynccontextmanager
    async def open_() -> AsyncIterator[Gateway]:
        async with open_gateway(
            database, key, connect=prefect.connect, pace=PACE, listening_pace=QUICK
        ) as gateway:
            yield gateway

    return open_


@pytest.fixture
def heard(store: Store) -> Callable[[int], Awaitable[None]]:
    """Wait for so many deliveries; more are a failure."""

    async def wait(count: int) -> None:
        async def are_there() -> bool:
            return len(await store.deliveries()) >= count

        await until(are_there)
        assert len(await store.deliveries()) == count

    return wait


@pytest.fixture
def began(database: Database) -> Callable[[], Awaitable[None]]:
    """Wait until the mailbox was looked at for the first time: from then on its mail is new mail."""

    async def wait() -> None:
        async def is_there() -> bool:
            async with database.transaction() as tx:
                cursor = (await tx.execute(text("select cursor from listening"))).scalar_one_or_none()
            return cursor is not None and "Sent" in cursor

        await until(is_there)

    return wait


Heard = Callable[[int], Awaitable[None]]
Began = Callable[[], Awaitable[None]]


async def test_mail_becomes_a_delivery(server: FakeMailServer, opened: Open, heard: Heard, began: Began):
    """At once: by IDLE, not by the next look."""
    async with opened():
        await began()
        server.mailbox.deliver(a_mail("Help", message_id="1@x"))
        await heard(1)
        server.mailbox.deliver(a_mail("And me", message_id="2@x", email="bob@x.example"))
        await heard(2)


async def test_without_idle_it_is_polled(server: FakeMailServer, opened: Open, heard: Heard, began: Began):
    server.capabilities = ()
    async with opened():

        async def is_looked_at() -> bool:
            return any(command.startswith("UID SEARCH") for command in server.commands)

        await until(is_looked_at)
        server.mailbox.deliver(a_mail("Help", message_id="1@x"))
        await heard(1)
    assert "IDLE" not in server.commands


async def test_what_came_while_we_were_down(server: FakeMailServer, opened: Open, heard: Heard, began: Began):
    """The next gateway begins where the last one stopped."""
    async with opened():
        await began()
        server.mailbox.deliver(a_mail("Help", message_id="1@x"))
        await heard(1)
    server.mailbox.deliver(a_mail("And me", message_id="2@x"))
    async with opened():
        await heard(2)


async def test_a_server_that_goes_away(server: FakeMailServer, opened: Open, heard: Heard, began: Began):
    """Cut off in the midst of IDLE, and not let in for a while: heard again as soon as it is there."""
    async with opened():
        await began()
        server.faults.arm(FaultKind.UNAUTHORIZED, where="imap/login", times=2)
        server.faults.arm(FaultKind.OUTAGE, where="imap/connect", times=2)
        server.hang_up()
        server.mailbox.deliver(a_mail("Help", message_id="1@x"))
        await heard(1)


async def test_a_lost_cursor_doubles_nothing(
    server: FakeMailServer, opened: Open, heard: Heard, began: Began, database: Database
):
    """Killed after the inbox and before the cursor: heard again, known again."""
    async with opened():
        await began()
        async with database.transaction() as tx:
            before = (await tx.execute(text("select cursor from listening"))).scalar_one()
        server.mailbox.deliver(a_mail("Help", message_id="1@x"))
        await heard(1)
    async with database.transaction() as tx:
        await tx.execute(text("update listening set cursor = :before"), {"before": before})
    server.mailbox.deliver(a_mail("And me", message_id="2@x"))
    async with opened():
        await heard(2)


async def test_of_two_gateways_one_listens(server: FakeMailServer, opened: Open, heard: Heard, began: Began):
    """And the other takes over when it is gone."""
    async with opened():
        await began()
        async with opened():
            server.mailbox.deliver(a_mail("Help", message_id="1@x"))
            await heard(1)
            assert sum(command.startswith("LOGIN") for command in server.commands) == 1
    server.mailbox.deliver(a_mail("And me", message_id="2@x"))
    async with opened():
        await heard(2)


async def test_the_stores_sessions_are_killed(
    server: FakeMailServer, opened: Open, heard: Heard, began: Began, database: Database
):
    """The lock goes with its session: it is taken anew, and listening goes on."""
    async with opened():
        await began()
        async with database.transaction() as tx:
            await tx.execute(
                text(
                    "select pg_terminate_backend(pid, 5000) from pg_locks"
                    " where locktype = 'advisory' and database = (select oid from pg_database"
                    " where datname = current_database())"
                )
            )
        server.mailbox.deliver(a_mail("Help", message_id="1@x"))
        await heard(1)


async def test_a_changed_connection_is_listened_to_anew(
    server: FakeMailServer, opened: Open, heard: Heard, began: Began, prefect: PrefectApi
):
    """A new password in the block works without a restart; the old listener ends."""
    async with opened() as gateway:
        await began()
        prefect.settings[NAME] = prefect.settings[NAME].replace(server.password, "the-new-password")
        server.password = "the-new-password"
        await gateway._sources.load()
        server.mailbox.deliver(a_mail("Help", message_id="1@x"))
        await heard(1)
        del prefect.settings[NAME]
        await gateway._sources.load()

        async def nobody_is_left() -> bool:
            return not server._conversations

        await until(nobody_is_left)
