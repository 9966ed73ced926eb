"""`liaison check --webhooks`: does each vendor send what we need, once, to the right address? And the repair.

Gather (the vendor's list, what the inbox heard), decide (`incidents.subscription_check`), show, and only when a person
says so, mend. No ledger: a person stands by, what is done twice is as done once, and reading the list again is the
proof. A secret that the vendor chose is kept in the connection's block, and read by the gateway, before it is used.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from prefect.blocks.core import Block
from prefect.client.orchestration import get_client
from pydantic import SecretStr, ValidationError
from rich.console import Console

from blocks.connect import block_from_json, open_connector, read_block
from deployments.commands import settings
from deployments.gateway.saved_connections import read_saved
from deployments.gateway.sources import REFRESH_EVERY
from incidents.errors import LiaisonError, NotAllowed, Refused
from incidents.ports import AppRights, Connector, WebhookSource, WebhookSubscriptions
from incidents.store.database import Database
from incidents.store.inbox.hearing import Hearing, last_heard
from incidents.store.instance import instance_id
from incidents.subscription_check import OwnAddress, Repair, SubscriptionFinding, check_subscriptions
from tasks.waits import patience

UNTIL_READ = REFRESH_EVERY + 5
"""Seconds after which the gateway surely goes by a secret that was saved."""

_WILL = {
    Repair.MAKE: "make one",
    Repair.MEND: "mend it",
    Repair.REPLACE: "make another one in its place, then remove it",
    Repair.REMOVE: "remove it",
}


@dataclass(frozen=True, kw_only=True)
class WebhookHealth:
    """One connection. `is_asked`: its vendor has a list of webhooks, and showed it. `notes` are for a person."""

    connection: str
    is_well: bool
    is_asked: bool
    hearing: Hearing
    findings: tuple[SubscriptionFinding, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def repairs(self) -> tuple[SubscriptionFinding, ...]:
        """What can be mended from here."""
        return tuple(finding for finding in self.findings if finding.repair is not None)


@dataclass(frozen=True, kw_only=True)
class WebhookDoctor:
    """Looks and mends. `others` are all saved connections; `instance` is the installation's id; without a `public_url`
    no list can be judged. `keep_secret` puts one more into a connection's `signing_secrets`, and opens it anew.
    """

    connectors: Mapping[str, Connector]
    database: Database
    instance: str
    public_url: str | None
    keep_secret: Callable[[str, SecretStr], Awaitable[None]]
    say: Callable[[str], None]

    async def look(self) -> list[WebhookHealth]:
        """Every connection that takes webhooks, by name."""
        return [
            await self.look_at(name)
            for name, connector in sorted(self.connectors.items())
            if isinstance(connector, WebhookSource)
        ]

    async def look_at(self, name: str) -> WebhookHealth:
        """One connection; what cannot be asked is said, and is no error."""
        async with self.database.transaction() as tx:
            hearing = await last_heard(tx, name)
        connector = self.connectors[name]
        try:
            if isinstance(connector, WebhookSubscriptions) and self.public_url is not None:
                found = await connector.subscriptions()
                findings = check_subscriptions(found, self._own(name), is_refused=hearing.is_refused)
                return WebhookHealth(
                    connection=name,
                    is_well=not any(finding.is_wrong for finding in findings),
                    is_asked=True,
                    hearing=hearing,
                    findings=findings,
                )
            return await self._unasked(name, connector, hearing)
        except LiaisonError as error:
            where = f"; connectors/{name.partition('/')[0]}/README.md says what right it takes"
            note = f"{error}{where if isinstance(error, NotAllowed) else ''}"
            return WebhookHealth(
                connection=name, is_well=False, is_asked=False, hearing=hearing, notes=(note,)
            )

    async def _unasked(self, name: str, connector: Connector, hearing: Hearing) -> WebhookHealth:
        vendor, notes, is_well = name.partition("/")[0], [], not hearing.is_refused
        if isinstance(connector, WebhookSubscriptions):
            notes.append(
                "say --public-url (or LIAISON_PUBLIC_URL), and the vendor's list is compared with it"
            )
            is_well = False
        elif isinstance(connector, AppRights):
            missing = await connector.missing_rights()
            if missing:
                notes.append(f"the app lacks {', '.join(missing)}: add them, and install the app again")
                is_well = False
        if not isinstance(connector, WebhookSubscriptions):
            address = "" if self.public_url is None else f" ({self._own(name).address})"
            notes.append(
                f"{vendor} cannot be asked which webhooks it sends: compare the address{address} and the"
                f" events there with connectors/{vendor}/README.md"
            )
        if hearing.is_refused:
            notes.append("what came last was signed with another secret, or was a stranger's")
        return WebhookHealth(
            connection=name, is_well=is_well, is_asked=False, hearing=hearing, notes=tuple(notes)
        )

    async def repair(self, one: WebhookHealth) -> WebhookHealth:
        """Do what the findings say, as far as it can be done, and look again: what is still wrong is told then."""
        connector = self.connectors[one.connection]
        if not isinstance(connector, WebhookSubscriptions):
            raise Refused(f"{one.connection}: its webhooks cannot be changed from here")
        mended: set[str] = set()
        for finding in one.repairs:
            if finding.repair is Repair.MEND and finding.subscription in mended:
                continue
            try:
                await self._do(one.connection, connector, finding)
            except LiaisonError as error:
                self.say(f"{one.connection}: not done: {error}")
            mended.add(finding.subscription)
        return await self.look_at(one.connection)

    async def _do(self, name: str, connector: WebhookSubscriptions, finding: SubscriptionFinding) -> None:
        own = self._own(name)
        if finding.repair in (Repair.MAKE, Repair.REPLACE):
            made = await connector.subscribe(own.address, title=own.mark, scope=finding.scope)
            if made.secret is not None:
                await self.keep_secret(name, made.secret)
                self.say(
                    f"{name}: webhook {made.id} is made and its secret kept in the connection; it is switched on"
                    f" in {UNTIL_READ:g} s, when the gateway knows it"
                )
                await asyncio.sleep(patience(timedelta(seconds=UNTIL_READ)).total_seconds())
            await connector.mend_subscription(made.id, address=own.address)
        if finding.repair is Repair.MEND:
            secret = await connector.mend_subscription(finding.subscription, address=own.address)
            if secret is not None:
                await self.keep_secret(name, secret)
                self.say(f"{name}: the secret of webhook {finding.subscription} is kept in the connection")
        if finding.repair in (Repair.REPLACE, Repair.REMOVE):
            await connector.unsubscribe(finding.subscription)

    def _own(self, name: str) -> OwnAddress:
        if self.public_url is None:
            raise LiaisonError("the gateway's public address is not known: set LIAISON_PUBLIC_URL")
        return OwnAddress(
            connection=name,
            public_url=self.public_url,
            mark=f"Liaison ({self.instance}, {name})",
            others=frozenset(self.connectors) - {name},
        )


@contextlib.asynccontextmanager
async def opened_doctor(
    home: Path | None, *, public_url: str | None, say: Callable[[str], None]
) -> AsyncIterator[WebhookDoctor]:
    """The doctor of this installation, with every saved connection open until the end of the block.

    A connection whose settings are not valid is said and left out. Raises `LiaisonError` without Prefect or store.
    """
    async with contextlib.AsyncExitStack() as stack:
        database = Database(settings.database_url(home))
        stack.push_async_callback(database.aclose)
        async with get_client() as client:
            saved = await read_saved(client)
        connectors: dict[str, Connector] = {}
        for name, text in saved.items():
            try:
                connectors[name] = open_connector(name, block_from_json(name, text), lambda: database)
            except (LiaisonError, ValidationError):
                say(f"{name}: its settings are not valid; `liaison check` says what is wrong")
                continue
            stack.push_async_callback(connectors[name].aclose)
        async with database.transaction() as tx:
            instance = await instance_id(tx)

        async def keep(name: str, secret: SecretStr) -> None:
            block = await keep_secret(name, secret)
            connectors[name] = open_connector(name, block, lambda: database)
            stack.push_async_callback(connectors[name].aclose)

        yield WebhookDoctor(
            connectors=connectors,
            database=database,
            instance=instance,
            public_url=public_url,
            keep_secret=keep,
            say=say,
        )


async def keep_secret(name: str, secret: SecretStr) -> Block:
    """Put one more secret into the connection's block, beside those it has. Raises `Refused` where it takes none."""
    block = await read_block(name)
    known = getattr(block, "signing_secrets", None)
    if not isinstance(known, list):
        raise Refused(f"{name}: the connection has no signing_secrets")
    if secret not in known:
        known.append(secret)
        await block.save(name.partition("/")[2], overwrite=True)
    return block


def plan(found: Sequence[WebhookHealth]) -> list[str]:
    """What a repair will do, a line each."""
    return [
        f"{one.connection}: {finding.text}: {_WILL[finding.repair]}"
        for one in found
        for finding in one.repairs
        if finding.repair is not None
    ]


def print_health(console: Console, found: Sequence[WebhookHealth]) -> None:
    """A connection a paragraph: what was heard, what is wrong, and who can mend it."""
    for one in found:
        mark = "[green]✔[/green]" if one.is_well else "[red]✘[/red]"
        console.print(mark, end=" ")
        _print(console, f"{one.connection}: last heard {_time(one.hearing.heard_at)}")
        for finding in one.findings:
            cure = "--repair can " + _WILL[finding.repair] if finding.repair else "only a person can"
            _print(console, f"    {finding.fault}: {finding.text} ({cure})")
        for note in one.notes:
            _print(console, f"    {note}")


def health_as_json(one: WebhookHealth) -> dict[str, object]:
    """The same for scripts."""
    return {
        "connection": one.connection,
        "is_well": one.is_well,
        "is_asked": one.is_asked,
        "heard_at": one.hearing.heard_at,
        "wrongly_signed_at": one.hearing.wrongly_signed_at,
        "findings": [
            {
                "fault": finding.fault,
                "text": finding.text,
                "subscription": finding.subscription,
                "repair": finding.repair,
            }
            for finding in one.findings
        ],
        "notes": list(one.notes),
    }


def _print(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _time(at: datetime | None) -> str:
    return "never, as far as is kept" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
